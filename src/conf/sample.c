/*
 * sample: the zhanchi.conf that `zhanchi init` writes, made from the option table. Options stand
 * there with their defaults, commented out.
 */
#include <string.h>
#include "zhanchi/conf.h"
#include "options.h"

static void help(struct buf *out, const char *text)
{
    size_t column = 0;

    buf_adds(out, "  #");
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (column + word > 90) {
            buf_adds(out, "\n  #");
            column = 0;
        }
        buf_addc(out, ' ');
        buf_add(out, text, word);
        column += word + 1;
        text += word;
        text += strspn(text, " ");
    }
    buf_addc(out, '\n');
}

static void option(struct buf *out, const struct option_def *o)
{
    const char *key = strchr(o->name, '.') + 1;

    help(out, o->help);
    if (o->type == OPT_INT)
        buf_addf(out, "  # from %lld to %lld\n", (long long)o->min, (long long)o->max);
    if (o->type == OPT_CHOICE) {
        buf_adds(out, "  # one of");
        for (const char *const *c = o->choices; *c != NULL; c++)
            buf_addf(out, " \"%s\"", *c);
        buf_addc(out, '\n');
    }
    if (o->type == OPT_LIST)
        buf_addf(out, "  # %s = [ ];\n", key);
    else if (o->type == OPT_INT || o->type == OPT_BOOL)
        buf_addf(out, "  # %s = %s;\n", key, o->def);
    else
        buf_addf(out, "  # %s = \"%s\";\n", key, o->def);
}

void conf_sample(struct buf *out)
{
    char group[48] = "";

    buf_adds(out, "# zhanchi.conf: settings of this work directory. Relative paths begin at this "
                  "file's folder.\n"
                  "# What is commented out shows the default.\n");
    for (size_t i = 0; i < option_count(); i++) {
        const struct option_def *o = &option_table[i];
        size_t len = (size_t)(strchr(o->name, '.') - o->name);
        if (strncmp(group, o->name, len) != 0 || group[len] != '\0') {
            if (group[0] != '\0')
                buf_adds(out, "};\n");
            memcpy(group, o->name, len);
            group[len] = '\0';
            buf_addf(out, "\n%s = {\n", group);
        }
        option(out, o);
    }
    buf_adds(
        out,
        "};\n\n"
        "# Gateways by name. A secret stands in a file that only you may read, or in the "
        "environment.\n"
        "gateways = (\n"
        "  {\n"
        "    name = \"12333\";\n"
        "    profile = \"gateways/12333.conf\";\n"
        "    # url = \"http://127.0.0.1:12333\";   # overrides the profile's\n"
        "    # public_url = \"https://office.example\";   # under which the provider reaches us\n"
        "    # settings = { from = \"10690\"; };   # what the profile asks for\n"
        "    # rate = 50.0; concurrency = 8; batch = 100;   # override the profile's limits\n"
        "    # pull_every = \"60s\";   # where the provider keeps reports instead of pushing them\n"
        "    # sticky = true;   # people who were written to over it keep it\n"
        "    secret_files = { app = \"secrets/app\"; secret = \"secrets/secret\"; };\n"
        "    # secret_env = { secret = \"ZHANCHI_12333_SECRET\"; };\n"
        "  }\n"
        ");\n\n"
        "# Routes over several gateways (campaign create --route NAME). The first rule that fits "
        "decides.\n"
        "# routes = (\n"
        "#   { name = \"default\";\n"
        "#     rules = (\n"
        "#       { region = \"4301\"; to = \"a\"; },\n"
        "#       { carrier = \"virtual\"; to = \"b\"; },        # or basic, data\n"
        "#       { topic = \"skill\"; cheapest = true; to = [ \"a\", \"b\" ]; },\n"
        "#       { to = [ \"a:3\", \"b:1\" ]; } ); }             # three of four over a\n"
        "# );\n");
}
