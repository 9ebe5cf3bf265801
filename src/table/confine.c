/*
 * confine: see confine.h. A seccomp filter that names what is refused, and not what is allowed: a C library that needs one call more must not make
 * a sound file unreadable. Called by xls.c, in the process that is there for one file.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "confine.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH

#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NOT(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), REFUSE
/* Lower half of the argument: all flags are there. */
#define NOT_WRITING(number, argument)                                                              \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 5), FIELD(args[argument]),                      \
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC),                        \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), ALLOW, REFUSE

int confine(void)
{
    struct sock_filter rules[] = {
        FIELD(arch),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
        REFUSE, /* another ABI of the same machine */
        FIELD(nr),
        NOT_WRITING(SYS_openat, 2),
#ifdef __x86_64__
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
        REFUSE, /* x32 */
        NOT_WRITING(SYS_open, 1),
        NOT(SYS_creat),
        NOT(SYS_fork),
        NOT(SYS_vfork),
        NOT(SYS_unlink),
        NOT(SYS_rmdir),
        NOT(SYS_rename),
        NOT(SYS_mkdir),
        NOT(SYS_link),
        NOT(SYS_symlink),
        NOT(SYS_chmod),
        NOT(SYS_chown),
#endif
        NOT(SYS_openat2),
        NOT(SYS_execve),
        NOT(SYS_execveat),
        NOT(SYS_clone),
        NOT(SYS_clone3),
        NOT(SYS_socket),
        NOT(SYS_socketpair),
        NOT(SYS_io_uring_setup),
        NOT(SYS_ptrace),
        NOT(SYS_process_vm_readv),
        NOT(SYS_process_vm_writev),
        NOT(SYS_pidfd_open),
        NOT(SYS_pidfd_getfd),
        NOT(SYS_kill),
        NOT(SYS_tkill),
        NOT(SYS_unlinkat),
        NOT(SYS_renameat2),
        NOT(SYS_mkdirat),
        NOT(SYS_linkat),
        NOT(SYS_symlinkat),
        NOT(SYS_fchmod),
        NOT(SYS_fchmodat),
        NOT(SYS_fchown),
        NOT(SYS_fchownat),
        NOT(SYS_truncate),
        NOT(SYS_ftruncate),
        NOT(SYS_bpf),
        ALLOW,
    };
    const struct sock_fprog program = {sizeof rules / sizeof rules[0], rules};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -1 : 0;
}

#else

int confine(void)
{
    return -1;
}

#endif
