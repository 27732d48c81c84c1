# Read by the recorded zsh as its .zshenv, after lines that set __pdv_nonce, __pdv_dir and, where
# the person has one, __pdv_zdotdir. None is exported: no program can forge a boundary.
command rm -f -- "$__pdv_dir/.zshenv"
if (( ${+__pdv_zdotdir} )); then
  export ZDOTDIR=$__pdv_zdotdir
else
  unset ZDOTDIR
fi
[[ -r ${ZDOTDIR:-$HOME}/.zshenv ]] && . ${ZDOTDIR:-$HOME}/.zshenv

if [[ -o interactive ]]; then
  typeset -gi __pdv_n=0

  # The person's own files are all read when the first prompt comes: only then we take our place.
  __pdv_install() {
    local -a codes=(${pipestatus})
    emulate -L zsh
    precmd_functions=(__pdv_after ${precmd_functions:#__pdv_*} __pdv_last)
    preexec_functions=(${preexec_functions:#__pdv_*} __pdv_before)
    __pdv_after
    __pdv_last
  }

  __pdv_after() {
    local code=$? codes="${(j:,:)pipestatus}"
    emulate -L zsh
    [[ -e $__pdv_dir/on ]] || return
    (( __pdv_n += 1 ))
    { print -rn -- $PWD >| $__pdv_dir/prompt.$__pdv_n } 2>/dev/null
    print -n -- "\e]133;D;$code;aid=$__pdv_nonce;k=$__pdv_n;pipe=$codes\a\e]133;A;aid=$__pdv_nonce\a"
  }

  __pdv_before() {
    emulate -L zsh
    [[ -e $__pdv_dir/on ]] || return
    local name wait= letters=0123456789abcdefghijklmnopqrstuvwxyz
    local -F left=0.3 until
    [[ -e $__pdv_dir/wait ]] && wait=';w=1'
    {
      {
        print -rN -- $PWD $1
        for name in ${(k)parameters[(R)*export*]}; do print -rN -- "$name=${(P)name}"; done
      } >| $__pdv_dir/command.$__pdv_n
    } 2>/dev/null
    print -n -- "\e]133;C;aid=$__pdv_nonce;k=$__pdv_n$wait\a"
    [[ -n $wait ]] || return 0
    zmodload zsh/datetime 2>/dev/null
    (( until = EPOCHREALTIME + left ))
    # only the answer to this very command ends the wait: one that comes late was for another
    while (( left > 0 )) && read -t $left -k 1 -u 0 name; do
      [[ $name == ${letters[__pdv_n % $#letters + 1]} ]] && break
      (( left = until - EPOCHREALTIME ))
    done <>$__pdv_dir/go 2>/dev/null
    return 0
  }

  __pdv_last() {
    [[ -e $__pdv_dir/on && -o promptpercent ]] || return 0
    local mark=$'%{\e]133;B;aid='$__pdv_nonce$'\a%}'
    [[ $PS1 == *"$mark" ]] || PS1=$PS1$mark
  }

  typeset -ga precmd_functions
  precmd_functions+=(__pdv_install)
fi
