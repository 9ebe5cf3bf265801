/*
 * main: global options, the way to a command, its options, its exit status. Statuses are those of
 * sysexits.h.
 *
 * What a command opened is closed here, whatever became of it. What machines read (--json) is the
 * same in every language.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "zhanchi/log.h"
#include "zhanchi/nearest.h"
#include "cli.h"

#define OPTIONS_MAX 24

static volatile sig_atomic_t stop_asked;

static void on_signal(int sig)
{
    (void)sig;
    stop_asked = 1;
}

/* The first signal asks; a second one of the same kind kills as usual. */
static void catch_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sa.sa_handler = SIG_IGN;
    sa.sa_flags = 0;
    sigaction(SIGPIPE, &sa, NULL);
}

/* ---- help ---- */

static void print_padded(const char *s, int width)
{
    fputs("  ", stdout);
    cli_label(s, width);
    fputs("  ", stdout);
}

static void list_commands(const struct command *const *list)
{
    int width = 8;

    for (const struct command *const *c = list; *c != NULL; c++)
        if ((int)strlen((*c)->name) > width)
            width = (int)strlen((*c)->name);
    for (; *list != NULL; list++) {
        print_padded((*list)->name, width);
        puts(_((*list)->help));
    }
}

static void general_help(void)
{
    puts(_("usage: zhanchi [-c CONF] [--json] [-v|-q] COMMAND ..."));
    puts("");
    puts(_("Finds who may claim a benefit, sends each a personal message, and measures who then "
           "claimed."));
    puts("");
    puts(_("Commands:"));
    list_commands(commands);
    puts("");
    puts(_("Options:"));
    print_padded("-c, --config CONF", 20);
    puts(_("configuration (default: $ZHANCHI_CONF, ./zhanchi.conf, /etc/zhanchi/zhanchi.conf)"));
    print_padded("--json", 20);
    puts(_("listings for machines"));
    print_padded("-v, --verbose", 20);
    puts(_("log more"));
    print_padded("-q, --quiet", 20);
    puts(_("log errors only"));
    print_padded("-h, --help", 20);
    puts(_("help; also behind each command"));
    print_padded("--version", 20);
    puts(_("version"));
    puts("");
    puts(_("`zhanchi COMMAND --help` tells more. See also zhanchi(1)."));
}

static void command_help(const char *path, const struct command *c)
{
    printf(_("usage: zhanchi %s %s\n"), path, c->args != NULL ? c->args : "");
    puts("");
    puts(_(c->help));
    if (c->verbs != NULL) {
        puts("");
        list_commands(c->verbs);
    }
    puts("");
    for (const struct cli_option *o = c->options; o != NULL && o->name != NULL; o++) {
        char left[96];
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->arg != NULL ? " " : "",
                 o->arg != NULL ? o->arg : "");
        print_padded(left, 24);
        puts(_(o->help));
    }
    print_padded("-h, --help", 24);
    puts(_("this help"));
}

/* ---- finding a command ---- */

static const struct command *find(const struct command *const *list, const char *name)
{
    for (; *list != NULL; list++)
        if (strcmp((*list)->name, name) == 0)
            return *list;
    return NULL;
}

static int unknown(const struct command *const *list, const char *path, const char *name,
                   struct err *e)
{
    const char *names[64];
    size_t n = 0;

    for (; *list != NULL && n < 63; list++)
        names[n++] = (*list)->name;
    names[n] = NULL;
    const char *near = nearest(name, names);
    err_set(e, ERR_USAGE, _("see `zhanchi --help`"), _("unknown command: %s%s%s"), path,
            path[0] != '\0' ? " " : "", name);
    if (near != NULL)
        snprintf(e->remedy, sizeof e->remedy, _("did you mean `%s`?"), near);
    else if (path[0] != '\0')
        snprintf(e->remedy, sizeof e->remedy, _("see `zhanchi %s --help`"), path);
    return -1;
}

/* ---- a command's options ---- */

struct parsed {
    bool help;
    struct cli_args args;
};

static int bad_option(const struct command *c, char **argv, const char *path, int opt,
                      struct err *e)
{
    const char *names[OPTIONS_MAX + 3];
    size_t n = 0;
    const char *given = argv[optind - 1];

    for (const struct cli_option *o = c->options; o != NULL && o->name != NULL; o++)
        names[n++] = o->name;
    names[n++] = "help";
    names[n++] = "json";
    names[n] = NULL;
    const char *near = strncmp(given, "--", 2) == 0 ? nearest(given + 2, names) : NULL;
    if (opt == ':') {
        near = NULL;
        err_set(e, ERR_USAGE, NULL, _("%s: %.60s needs a value"), path, given);
    } else {
        err_set(e, ERR_USAGE, NULL, _("%s: wrong option: %.60s"), path, given);
    }
    if (near != NULL)
        snprintf(e->remedy, sizeof e->remedy, _("did you mean --%s?"), near);
    else
        snprintf(e->remedy, sizeof e->remedy, _("see `zhanchi %s --help`"), path);
    return -1;
}

/* -o is --output where a command has it. */
static int output_option(const struct command *c)
{
    for (int i = 0; c->options != NULL && c->options[i].name != NULL; i++)
        if (strcmp(c->options[i].name, "output") == 0)
            return i;
    return -1;
}

static int parse_options(struct cli *cli, const struct command *c, const char *path, int argc,
                         char **argv, struct parsed *out, struct err *e)
{
    struct option longs[OPTIONS_MAX + 3];
    int n = 0, opt, index;

    memset(out, 0, sizeof *out);
    for (const struct cli_option *o = c->options; o != NULL && o->name != NULL; o++, n++)
        longs[n] = (struct option){o->name, o->arg != NULL ? required_argument : no_argument, NULL,
                                   1000 + n};
    longs[n] = (struct option){"help", no_argument, NULL, 'h'};
    longs[n + 1] = (struct option){"json", no_argument, NULL, 'j'};
    longs[n + 2] = (struct option){0};
    optind =
        0; /* glibc: forget the "+" of the global options, so that options may follow arguments */
    opterr = 0;
    while ((opt = getopt_long(argc, argv, ":ho:", longs, &index)) != -1) {
        if (opt == 'o' && output_option(c) >= 0)
            opt = 1000 + output_option(c);
        if (opt == 'h') {
            out->help = true;
        } else if (opt == 'j') {
            cli->json = true;
        } else if (opt >= 1000) {
            int i = opt - 1000;
            out->args.value[i] = optarg != NULL ? optarg : "";
            if (out->args.n_more[i] < 9) /* one more than any may have: so that too many is seen */
                out->args.more[i][out->args.n_more[i]++] = out->args.value[i];
            else
                return err_set(e, ERR_USAGE, NULL, _("%s: --%s is given too often"), path,
                               c->options[i].name);
        } else {
            return bad_option(c, argv, path, opt, e);
        }
    }
    out->args.rest = argv + optind;
    out->args.n_rest = argc - optind;
    if (!out->help && (out->args.n_rest < c->min_rest || out->args.n_rest > c->max_rest)) {
        err_set(e, ERR_USAGE, NULL, "%s: %s", path,
                out->args.n_rest < c->min_rest ? _("an argument is missing")
                                               : _("too many arguments"));
        snprintf(e->remedy, sizeof e->remedy, _("usage: zhanchi %s %s"), path,
                 c->args != NULL ? c->args : "");
        return -1;
    }
    return 0;
}

static int run_command(struct cli *cli, const struct command *c, char *path, size_t cap, int argc,
                       char **argv, struct err *e)
{
    while (c->verbs != NULL) {
        if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
            command_help(path, c);
            return argc < 2 ? ERR_USAGE : 0;
        }
        const struct command *verb = find(c->verbs, argv[1]);
        if (verb == NULL)
            return unknown(c->verbs, path, argv[1], e);
        snprintf(path + strlen(path), cap - strlen(path), " %s", verb->name);
        c = verb;
        argc--;
        argv++;
    }
    struct parsed p;
    if (parse_options(cli, c, path, argc, argv, &p, e) != 0)
        return -1;
    if (p.help) {
        command_help(path, c);
        return 0;
    }
    if (cli->json)
        language_off();
    return c->run(cli, &p.args, e);
}

/* ---- global options ---- */

static int parse_global(struct cli *cli, int argc, char **argv, bool *done, struct err *e)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"verbose", no_argument, NULL, 'v'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {0}};
    int opt;

    opterr = 0;
    while ((opt = getopt_long(argc, argv, "+:c:vqh", longs, NULL)) != -1) {
        switch (opt) {
        case 'c':
            cli->conf_path = optarg;
            break;
        case 'j':
            cli->json = true;
            break;
        case 'v':
            log_set_level(LOG_DEBUG);
            cli->level_given = true;
            break;
        case 'q':
            log_set_level(LOG_ERROR);
            cli->level_given = true;
            break;
        case 'h':
            general_help();
            *done = true;
            return 0;
        case 'V':
            puts("zhanchi " ZHANCHI_VERSION);
            *done = true;
            return 0;
        default:
            return err_set(e, ERR_USAGE, _("see `zhanchi --help`"), _("wrong option: %.60s"),
                           argv[optind - 1]);
        }
    }
    return 0;
}

static int run(struct cli *cli, int argc, char **argv, struct err *e)
{
    char path[128];
    bool done = false;

    if (parse_global(cli, argc, argv, &done, e) != 0)
        return -1;
    if (done)
        return 0;
    argc -= optind;
    argv += optind;
    if (argc == 0) {
        general_help();
        return ERR_USAGE;
    }
    const struct command *c = find(commands, argv[0]);
    if (c == NULL)
        return unknown(commands, "", argv[0], e);
    snprintf(path, sizeof path, "%s", c->name);
    return run_command(cli, c, path, sizeof path, argc, argv, e);
}

/* Nobody reads the output any more (`zhanchi ... | head`). */
static bool reader_gone(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return ferror(stdout) && poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

/* As a program that leaves SIGPIPE alone ends: the shell says 141 and nobody says a word. */
static void die_of_pipe(void)
{
    signal(SIGPIPE, SIG_DFL);
    raise(SIGPIPE);
}

int main(int argc, char **argv)
{
    struct cli cli = {.stop = &stop_asked, .zone_min = 480};
    struct err e = {0};

    cli.language_missing = language_begin();
    catch_signals();
    int status = run(&cli, argc, argv, &e);
    if (status == 0 && (fflush(stdout) != 0 || ferror(stdout)))
        status = err_errno(&e, ERR_IO, _("check the disk's space"), _("cannot write the output"));
    if (status < 0)
        fflush(stdout);
    bool quiet = status < 0 && e.kind == ERR_IO && reader_gone();
    if (status < 0 && !quiet) {
        fprintf(stderr, "zhanchi: %s\n", e.what);
        if (e.remedy[0] != '\0')
            fprintf(stderr, "         %s\n", e.remedy);
    }
    if (status < 0)
        status = e.kind != ERR_NONE ? (int)e.kind : ERR_SOFTWARE;
    keyring_close(cli.keyring);
    store_close(cli.store);
    conf_free(cli.conf);
    if (quiet)
        die_of_pipe();
    return status;
}
