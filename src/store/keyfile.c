/*
 * keyfile: see keyfile.h. Written by `init` and by rotation, read at the start of every command
 * that opens personal data (keyring.c) or writes the audit trail (audit.c). The buffers that held a
 * key are wiped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "zhanchi/buf.h"
#include "keyfile.h"

#define KEYFILE_MAX 4096

static void derive_id(const char *kind, const uint8_t key[CRYPT_KEY_BYTES],
                      char out[KEYFILE_ID_MAX])
{
    uint8_t id[8];
    char info[64];
    snprintf(info, sizeof info, "%s id", kind);
    crypt_hkdf(key, CRYPT_KEY_BYTES, info, id, sizeof id);
    crypt_hex(id, sizeof id, out);
}

void keyfile_random(const char *kind, struct keyfile *out)
{
    crypt_random(out->key, sizeof out->key);
    derive_id(kind, out->key, out->id);
}

/* ---- write ---- */

static int write_new(const char *path, const struct buf *text, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(
            e, ERR_CANTCREAT,
            "a key file is never overwritten: name another path, or move the old one away",
            "cannot create %s", path);
    ssize_t n = write(fd, text->data, text->len);
    int rc = 0;
    if (n != (ssize_t)text->len || fchmod(fd, 0600) != 0 || fsync(fd) != 0) {
        rc = err_errno(e, ERR_IO, "free space on that disk", "cannot write %s", path);
        unlink(path);
    }
    close(fd);
    return rc;
}

int keyfile_write(const char *path, const char *kind, const char *comment, const struct keyfile *k,
                  struct err *e)
{
    struct buf text;
    buf_init(&text, KEYFILE_MAX);
    buf_addf(&text, "# %s\n%s 1\nid %s\nkey ", comment, kind, k->id);
    crypt_base64(k->key, sizeof k->key, &text);
    buf_addc(&text, '\n');
    if (text.failed)
        panic("a key file of more than %d bytes", KEYFILE_MAX);
    int rc = write_new(path, &text, e);
    crypt_wipe(text.data, text.len);
    buf_fini(&text);
    return rc;
}

/* ---- read ---- */

static int check_mode(int fd, const char *path, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_errno(e, ERR_NOINPUT, NULL, "cannot look at %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_PERM, "name the key file itself", "%s is no file", path);
    if (st.st_mode & 077)
        return err_set(e, ERR_PERM,
                       "run `chmod 600` on it, and consider whether somebody has copied it",
                       "the key file %s can be read by others (mode %03o)", path,
                       (unsigned)(st.st_mode & 0777));
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return err_set(e, ERR_PERM, "a key file belongs to who runs the program, or to root",
                       "the key file %s belongs to somebody else (uid %u)", path,
                       (unsigned)st.st_uid);
    return 0;
}

static int damaged(const char *path, const char *kind, struct err *e)
{
    return err_set(e, ERR_DATA, "use the recovery copy that `zhanchi init` wrote",
                   "%s is no whole %s file", path, kind);
}

static int parse(char *text, const char *path, const char *kind, struct keyfile *out, struct err *e)
{
    bool head = false, key = false;
    char id[KEYFILE_ID_MAX] = "", *rest = NULL;
    for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        size_t n = strlen(kind);
        if (line[0] == '#')
            continue;
        if (strncmp(line, kind, n) == 0 && strcmp(line + n, " 1") == 0)
            head = true;
        else if (strncmp(line, "id ", 3) == 0)
            snprintf(id, sizeof id, "%s", line + 3);
        else if (strncmp(line, "key ", 4) == 0)
            key = crypt_unbase64(line + 4, strlen(line + 4), out->key, sizeof out->key) ==
                  CRYPT_KEY_BYTES;
        else
            return damaged(path, kind, e);
    }
    if (!head || !key)
        return damaged(path, kind, e);
    derive_id(kind, out->key, out->id);
    return strcmp(id, out->id) == 0 ? 0 : damaged(path, kind, e);
}

int keyfile_read(const char *path, const char *kind, struct keyfile *out, struct err *e)
{
    char text[KEYFILE_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(
            e, ERR_NOINPUT,
            "put it back, or correct keys.file or keys.audit_file in the configuration",
            "cannot open the key file %s", path);
    int rc = check_mode(fd, path, e);
    ssize_t n = rc == 0 ? read(fd, text, sizeof text - 1) : 0;
    close(fd);
    if (rc)
        return -1;
    if (n < 0)
        return err_errno(e, ERR_NOINPUT, NULL, "cannot read %s", path);
    text[n] = '\0';
    rc = parse(text, path, kind, out, e);
    crypt_wipe(text, sizeof text);
    if (rc)
        crypt_wipe(out, sizeof *out);
    return rc;
}
