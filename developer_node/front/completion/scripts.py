"""The few lines that a shell reads; what may come next is asked of the program that is typed."""

from __future__ import annotations

HIDDEN = "__complete"
"""The word behind which a shell asks; the rest are the words so far, the last one unfinished."""

BASH = f"""\
_postdevai() {{
    local IFS=$'\\n' found
    found=$("${{COMP_WORDS[0]}}" {HIDDEN} "${{COMP_WORDS[@]:1:COMP_CWORD}}" 2>/dev/null | cut -f1)
    COMPREPLY=($found)
}}
complete -o default -F _postdevai postdevai
"""

ZSH = f"""\
(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit -D -i }}
_postdevai() {{
    local -a found
    local word said
    while IFS=$'\\t' read -r word said; do
        found+=("${{word//:/\\\\:}}${{said:+:$said}}")
    done < <("${{words[1]}}" {HIDDEN} "${{(@)words[2,CURRENT]}}" 2>/dev/null)
    if (( ${{#found}} )); then _describe postdevai found; else _files; fi
}}
compdef _postdevai postdevai
"""

FISH = f"""\
function __postdevai_complete
    set -l words (commandline -opc)
    $words[1] {HIDDEN} $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c postdevai -a '(__postdevai_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
