/*
 * replay: runs a fuzz target over all files of the folders (or over the files) that are named: the seeds, in every test run, without
 * libFuzzer. A folder without files is an error: it would prove nothing.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "fuzz.h"

#define SEED_MAX_BYTES (1U << 20)

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");

    if (f == NULL) {
        perror(path);
        exit(1);
    }
    char *data = malloc(SEED_MAX_BYTES);
    size_t size = fread(data, 1, SEED_MAX_BYTES, f);
    fclose(f);
    /* Of exactly its size, so that the sanitizer sees a step too far. */
    uint8_t *exact = malloc(size > 0 ? size : 1);
    for (size_t i = 0; i < size; i++)
        exact[i] = (uint8_t)data[i];
    free(data);
    fprintf(stderr, "%s\n", path); /* so that the last line names the one that crashed */
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 1;
}

static int run(const char *path)
{
    char file[4096];
    struct stat st;
    int n = 0;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return run_file(path);
    DIR *dir = opendir(path);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
        snprintf(file, sizeof file, "%s/%s", path, d->d_name);
        if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
            n += run_file(file);
    }
    if (dir)
        closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    int n = 0;

    for (int i = 1; i < argc; i++)
        n += run(argv[i]);
    printf("%d inputs\n", n);
    return n > 0 ? 0 : 1;
}
