# Read by the recorded fish after config.fish and two lines that set __pdv_nonce and __pdv_dir,
# neither of them exported: no program can forge a boundary.
command rm -f -- $__pdv_dir/rc
set -g __pdv_n 0

function __pdv_before --on-event fish_preexec
    test -e $__pdv_dir/on; and test -z "$fish_private_mode"; or return
    begin
        printf '%s\0' $PWD "$argv[1]"
        for name in (set -nx)
            printf '%s=%s\0' $name "$$name"
        end
    end 2>/dev/null >$__pdv_dir/command.$__pdv_n
    printf '\e]133;C;aid=%s;k=%s\a' $__pdv_nonce $__pdv_n
    # fish cannot wait for a short while: what is looked at late is said to be so
end

function __pdv_after --on-event fish_postexec
    set -l code $status
    set -l codes $pipestatus
    test -e $__pdv_dir/on; or return
    printf '\e]133;D;%s;aid=%s;k=%s;pipe=%s\a' $code $__pdv_nonce $__pdv_n (string join , $codes)
end

function __pdv_prompt --on-event fish_prompt
    test -e $__pdv_dir/on; or return
    set -g __pdv_n (math $__pdv_n + 1)
    printf '%s' $PWD 2>/dev/null >$__pdv_dir/prompt.$__pdv_n
    printf '\e]133;A;aid=%s;k=%s\a' $__pdv_nonce $__pdv_n
end
