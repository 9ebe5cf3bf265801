/*
 * bench_run: runs a command and prints what it took: {"seconds":S,"cpu_seconds":C,"max_rss_kib":K,"status":N}. Its output goes to standard error.
 *
 *   bench_run COMMAND [ARG...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct rusage used;
    int status = 0;

    if (argc < 2)
        return 64;
    double began = now();
    pid_t pid = fork();
    if (pid < 0)
        return 71;
    if (pid == 0) {
        dup2(2, 1);
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    if (wait4(pid, &status, 0, &used) < 0)
        return 71;
    double cpu = of(used.ru_utime) + of(used.ru_stime);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    printf("{\"seconds\":%.4f,\"cpu_seconds\":%.4f,\"max_rss_kib\":%ld,\"status\":%d}\n",
           now() - began, cpu, used.ru_maxrss, code);
    return code;
}
