# Read by the recorded bash once, after two lines that set __pdv_nonce and __pdv_dir. Both are
# variables of this shell alone: what it starts sees neither, so no program can forge a boundary.
command rm -f -- "$__pdv_dir/rc"
[[ -r ~/.bashrc ]] && . ~/.bashrc
__pdv_n=0

# What an earlier command left of its exit codes, where the prompt is, and what history ends with.
__pdv_after() {
  local code=$? codes=("${PIPESTATUS[@]}")
  { local -; set +xuef; } 2>/dev/null
  [[ -e $__pdv_dir/on ]] || return $code
  __pdv_n=$((__pdv_n + 1))
  __pdv_history
  { printf '%s\0' "$PWD"; HISTTIMEFORMAT='' builtin history 1; } 2>/dev/null >|"$__pdv_dir/prompt.$__pdv_n"
  local IFS=,
  printf '\e]133;D;%s;aid=%s;k=%s;pipe=%s\a\e]133;A;aid=%s\a' \
    "$code" "$__pdv_nonce" "$__pdv_n" "${codes[*]}" "$__pdv_nonce" 2>/dev/null
  return $code
}

# A repeated command that history swallows looks like a private one. So bash keeps repetitions for
# a moment and they are taken out here; ignorespace stays with bash.
__pdv_history() {
  local word kept='' IFS=: line
  case ":${HISTCONTROL-}:" in *:ignoreboth:* | *:ignoredups:* | *:erasedups:*)
    for word in $HISTCONTROL; do
      case $word in
        ignoreboth) kept+=:ignorespace ;;
        ignoredups | erasedups) ;;
        *) kept+=:$word ;;
      esac
    done
    HISTCONTROL=${kept#:} __pdv_dups=yes ;;
  esac
  [[ ${__pdv_dups-} ]] || return
  HISTTIMEFORMAT='' builtin history 1 2>/dev/null >|"$__pdv_dir/history"
  IFS= read -r -d '' line 2>/dev/null <"$__pdv_dir/history"
  : >|"$__pdv_dir/history"
  if [[ $line =~ ^\ *([0-9]+)[*\ ]\ (.*)$ ]]; then
    if [[ ${BASH_REMATCH[2]} == "${__pdv_text-}" && ${BASH_REMATCH[1]} == $((__pdv_at + 1)) ]]; then
      builtin history -d "${BASH_REMATCH[1]}" 2>/dev/null
    else
      __pdv_at=${BASH_REMATCH[1]} __pdv_text=${BASH_REMATCH[2]}
    fi
  fi
}

# Runs in the subshell of PS0: tells what is about to run, and lets the files be looked at first.
__pdv_before() {
  set +xuef
  [[ -e $__pdv_dir/on ]] || return
  local name wait= letters=0123456789abcdefghijklmnopqrstuvwxyz
  [[ -e $__pdv_dir/wait ]] && wait=';w=1'
  compgen -e 2>/dev/null >|"$__pdv_dir/names"
  {
    printf '%s\0' "$PWD"
    HISTTIMEFORMAT='' builtin history 1
    printf '\0'
    while IFS= read -r name; do printf '%s=%s\0' "$name" "${!name}"; done <"$__pdv_dir/names"
  } 2>/dev/null >|"$__pdv_dir/command.$__pdv_n"
  printf '\e]133;C;aid=%s;k=%s%s\a' "$__pdv_nonce" "$__pdv_n" "$wait" 2>/dev/null >/dev/tty
  # only the answer to this very command ends the wait: one that comes late was for another
  [[ $wait ]] && read -r -t 0.3 -d "${letters:__pdv_n % ${#letters}:1}" name 2>/dev/null <>"$__pdv_dir/go"
}

# The prompt's own end, whoever made the prompt; and we stay first, whoever came before us.
__pdv_last() {
  local mark='\[\e]133;B;aid='$__pdv_nonce'\a\]'
  [[ -e $__pdv_dir/on ]] || return
  [[ ${PS1-} == *"$mark" ]] || PS1=${PS1-}$mark
  [[ ${PS0-} == *'$(__pdv_before)'* ]] || PS0=${PS0-}'$(__pdv_before)'
  [[ ${PROMPT_COMMAND[0]-} == __pdv_after* ]] || __pdv_install
}

__pdv_install() {
  PS0=${PS0//'$(__pdv_before)'/}'$(__pdv_before)'
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
    local one others=()
    for one in "${PROMPT_COMMAND[@]}"; do
      [[ $one == __pdv_after || $one == __pdv_last || -z $one ]] || others+=("$one")
    done
    PROMPT_COMMAND=(__pdv_after "${others[@]}" __pdv_last)
  else
    PROMPT_COMMAND="__pdv_after${PROMPT_COMMAND:+
$PROMPT_COMMAND}
__pdv_last"
  fi
}

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
  PS0=${PS0-} __pdv_install
else
  echo "postdevai: bash $BASH_VERSION cannot tell when a command begins: nothing is recorded here. Type: postdevai shell --shell zsh" >&2
fi
