#include "base/file.h"
#include "base/error.h"
#include "base/xdg.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "scratch.h"

enum { MEGABYTE = 1 << 20 };

static bool is_zero(const uint8_t *data, size_t size)
{
    return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

/* ---- reading files ---------------------------------------------------------- */

static void assert_file_holds(const char *path, const void *data, size_t size)
{
    uint8_t *read;
    size_t read_size;
    assert_true(dv_file_read(path, MEGABYTE, &read, &read_size, NULL));
    assert_int_equal(read_size, size);
    assert_memory_equal(read, data, size);
    free(read);
}

static void files_are_read_whole(void **state)
{
    char path[256];
    scratch_path(path, *state, "read");
    uint8_t data[10000], *read;
    size_t size;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, sizeof data};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        put_file(path, data, sizes[i]);
        assert_true(dv_file_read(path, sizes[i], &read, &size, NULL)); /* just the limit */
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(read, data, size);
        assert_int_equal(read[size], 0);
        free(read);
        assert_true(dv_file_read(path, SIZE_MAX, &read, &size, NULL));
        assert_int_equal(size, sizes[i]);
        free(read);
        dv_error error;
        if (sizes[i] > 0) {
            assert_false(dv_file_read(path, sizes[i] - 1, &read, &size, &error));
            assert_int_equal(error.code, DV_ERROR_FORMAT);
            assert_non_null(strstr(error.message, path));
        }
    }
    unlink(path);
}

static void files_that_cannot_be_read(void **state)
{
    char path[256];
    dv_error error;
    uint8_t *data;
    size_t size;
    assert_false(dv_file_read(scratch_path(path, *state, "missing\x1b"), 10, &data, &size, &error));
    assert_int_equal(error.code, DV_ERROR_FILE);
    assert_non_null(strstr(error.message, "missing?: "));
    assert_non_null(strstr(error.message, strerror(ENOENT)));
    assert_false(dv_file_read(*state, 10, &data, &size, &error));
    assert_non_null(strstr(error.message, "is a folder"));
}

/* Pipes have no size, and files of /proc say 0. */
static void files_without_a_size_are_read(void **state)
{
    (void)state;
    enum { SIZE = 40000 };
    static char text[SIZE];
    memset(text, 'p', SIZE);
    int end[2];
    assert_int_equal(pipe(end), 0);
    assert_int_equal(write(end[1], text, SIZE), SIZE);
    close(end[1]);
    char path[64];
    snprintf(path, sizeof path, "/dev/fd/%d", end[0]);
    uint8_t *data;
    size_t size;
    assert_true(dv_file_read(path, MEGABYTE, &data, &size, NULL));
    assert_int_equal(size, SIZE);
    assert_memory_equal(data, text, SIZE);
    free(data);
    close(end[0]);
    if (access("/proc/self/status", R_OK) == 0) {
        assert_false(dv_file_read("/proc/self/status", 100, &data, &size, NULL)); /* the limit holds as well */
        assert_true(dv_file_read("/proc/self/status", MEGABYTE, &data, &size, NULL));
        assert_true(size > 10 && strncmp((char *)data, "Name:", 5) == 0);
        free(data);
    }
}

/* printf 'hello hello hello\n' | gzip -n -9 */
static const uint8_t hello_gz[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                   0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x90, 0x5c,
                                   0x00, 0x3b, 0x7c, 0x8a, 0xdf, 0x12, 0x00, 0x00, 0x00};
static const char hello[] = "hello hello hello\n";

static void gzip_is_unpacked(void **state)
{
    char path[256];
    scratch_path(path, *state, "hello.gz");
    uint8_t *data, twice[2 * sizeof hello_gz];
    size_t size;
    put_file(path, hello_gz, sizeof hello_gz);
    assert_true(dv_file_read_gzip(path, MEGABYTE, &data, &size, NULL));
    assert_int_equal(size, strlen(hello));
    assert_string_equal((char *)data, hello);
    free(data);
    /* Two members one after the other, as cat makes them. */
    memcpy(twice, hello_gz, sizeof hello_gz);
    memcpy(twice + sizeof hello_gz, hello_gz, sizeof hello_gz);
    put_file(path, twice, sizeof twice);
    assert_true(dv_file_read_gzip(path, MEGABYTE, &data, &size, NULL));
    assert_string_equal((char *)data, "hello hello hello\nhello hello hello\n");
    free(data);
    /* What is not gzip stays as it is. */
    put_file(path, hello, strlen(hello));
    assert_true(dv_file_read_gzip(path, MEGABYTE, &data, &size, NULL));
    assert_string_equal((char *)data, hello);
    free(data);
    unlink(path);
}

/* Whatever byte is cut off or changed: an error or, for bytes of the header that mean nothing, the text. */
static void damaged_gzip_is_noticed(void **state)
{
    char path[256];
    scratch_path(path, *state, "damaged.gz");
    uint8_t *data, bytes[sizeof hello_gz + 1];
    size_t size;
    dv_error error;
    for (size_t length = 2; length < sizeof hello_gz; length++) {
        put_file(path, hello_gz, length);
        assert_false(dv_file_read_gzip(path, MEGABYTE, &data, &size, &error));
        assert_int_equal(error.code, DV_ERROR_FORMAT);
        assert_non_null(strstr(error.message, "cut short"));
    }
    for (size_t i = 2; i < sizeof hello_gz; i++) {
        memcpy(bytes, hello_gz, sizeof hello_gz);
        bytes[i] ^= 0xff;
        put_file(path, bytes, sizeof hello_gz);
        if (dv_file_read_gzip(path, MEGABYTE, &data, &size, &error)) {
            assert_in_range(i, 4, 9); /* time, extra flags, system */
            assert_string_equal((char *)data, hello);
            free(data);
        } else {
            assert_int_equal(error.code, DV_ERROR_FORMAT);
        }
    }
    memcpy(bytes, hello_gz, sizeof hello_gz);
    bytes[sizeof hello_gz] = 'x';
    put_file(path, bytes, sizeof bytes);
    assert_false(dv_file_read_gzip(path, MEGABYTE, &data, &size, &error));
    assert_non_null(strstr(error.message, "1 bytes that are not gzip follow"));
    unlink(path);
}

static void unpacking_stops_at_the_limit(void **state)
{
    /* head -c 100000 /dev/zero | gzip -n -9 : zeros but for its ends */
    static const uint8_t start[] = {0x1f, 0x8b, 0x08, 0, 0,    0,    0,    0,    0x02, 0x03, 0xed, 0xc1, 0x31,
                                    0x01, 0,    0,    0, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x0d, 0x0f, 0xa0},
                         end[] = {0x80, 0x57, 0x03, 0x7d, 0x95, 0x11, 0xd4, 0xa0, 0x86, 0x01, 0x00};
    uint8_t bomb[132] = {0};
    memcpy(bomb, start, sizeof start);
    memcpy(bomb + sizeof bomb - sizeof end, end, sizeof end);
    char path[256];
    put_file(scratch_path(path, *state, "bomb.gz"), bomb, sizeof bomb);
    uint8_t *data;
    size_t size;
    dv_error error;
    assert_true(dv_file_read_gzip(path, 100000, &data, &size, &error));
    assert_int_equal(size, 100000);
    assert_true(is_zero(data, size));
    free(data);
    assert_false(dv_file_read_gzip(path, 99999, &data, &size, &error));
    assert_int_equal(error.code, DV_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "more than the 99999 bytes"));
    unlink(path);
}

/* ---- writing files ---------------------------------------------------------- */

static int mode_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (int)(status.st_mode & 0777) : -1;
}

static void files_appear_when_they_are_complete(void **state)
{
    char path[256];
    scratch_path(path, *state, "out");
    put_file(path, "old", 3);
    dv_output *output = dv_output_open(path, NULL);
    fputs("new", dv_output_stream(output));
    fflush(dv_output_stream(output));
    assert_file_holds(path, "old", 3);
    assert_true(dv_output_commit(output, NULL));
    assert_file_holds(path, "new", 3);

    output = dv_output_open(path, NULL);
    fputs("newer", dv_output_stream(output));
    dv_output_discard(output);
    assert_file_holds(path, "new", 3);
    dv_output_discard(NULL);

    /* Two at once do not meet; the last to end wins. */
    dv_output *first = dv_output_open(path, NULL), *second = dv_output_open(path, NULL);
    fputs("first", dv_output_stream(first));
    fputs("second", dv_output_stream(second));
    assert_true(dv_output_commit(second, NULL));
    assert_true(dv_output_commit(first, NULL));
    assert_file_holds(path, "first", 5);
    assert_int_equal(scratch_count(*state), 1);
    unlink(path);
}

static void written_files_have_the_right_mode(void **state)
{
    char path[256];
    scratch_path(path, *state, "mode");
    mode_t old = umask(027);
    assert_true(dv_file_write(path, "x", 1, NULL));
    assert_int_equal(mode_of(path), 0640);
    chmod(path, 0604); /* a file that is replaced keeps its own */
    assert_true(dv_file_write(path, "y", 1, NULL));
    assert_int_equal(mode_of(path), 0604);
    umask(old);
    assert_file_holds(path, "y", 1);
    unlink(path);
}

static void symbolic_links_stay(void **state)
{
    char path[256], link[256], there[256];
    put_file(scratch_path(path, *state, "target"), "old", 3);
    assert_int_equal(symlink("target", scratch_path(link, *state, "link")), 0);
    assert_true(dv_file_write(link, "new", 3, NULL));
    assert_true(readlink(link, there, sizeof there) == 6);
    assert_file_holds(path, "new", 3);
    unlink(link);
    unlink(path);
}

static void pipes_are_written_straight(void **state)
{
    char path[256], text[16] = "";
    assert_int_equal(mkfifo(scratch_path(path, *state, "pipe"), 0600), 0);
    int end = open(path, O_RDWR);
    assert_true(end >= 0);
    assert_true(dv_file_write(path, "through", 7, NULL));
    assert_int_equal(read(end, text, sizeof text), 7);
    assert_string_equal(text, "through");
    close(end);
    struct stat status;
    assert_true(stat(path, &status) == 0 && S_ISFIFO(status.st_mode));
    assert_int_equal(scratch_count(*state), 1);
    unlink(path);
}

static void a_full_device_is_an_error(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    static uint8_t data[MEGABYTE];
    static const size_t sizes[] = {1, 5000, MEGABYTE};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        dv_error error;
        assert_false(dv_file_write("/dev/full", data, sizes[i], &error));
        assert_int_equal(error.code, DV_ERROR_FILE);
        assert_non_null(strstr(error.message, "/dev/full: "));
        assert_non_null(strstr(error.message, strerror(ENOSPC)));
        /* A caller that does not look at each write is told by the commit. */
        dv_output *output = dv_output_open("/dev/full", NULL);
        size_t written = fwrite(data, 1, sizes[i], dv_output_stream(output));
        (void)written;
        assert_false(dv_output_commit(output, &error));
        assert_non_null(strstr(error.message, "/dev/full: "));
    }
}

/* A limit on the size of files stands for a disk that fills up on the way. */
static void a_full_disk_leaves_the_old_file(void **state)
{
    char path[256];
    static uint8_t data[MEGABYTE];
    put_file(scratch_path(path, *state, "kept"), "old", 3);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 10000;
    setrlimit(RLIMIT_FSIZE, &small);
    dv_error error;
    bool large_written = dv_file_write(path, data, sizeof data, &error);
    dv_output *output = dv_output_open(path, NULL);
    for (int i = 0; i < 100; i++) {
        fprintf(dv_output_stream(output), "%1000d", i);
    }
    dv_error late;
    bool committed = dv_output_commit(output, &late);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, handler);
    assert_false(large_written);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, strerror(EFBIG)));
    assert_false(committed);
    assert_non_null(strstr(late.message, path));
    assert_file_holds(path, "old", 3);
    assert_int_equal(scratch_count(*state), 1);
    unlink(path);
}

static void places_that_cannot_be_written(void **state)
{
    char path[256];
    dv_error error;
    assert_false(dv_file_write(scratch_path(path, *state, "no/such/folder"), "x", 1, &error));
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, strerror(ENOENT)));
    assert_false(dv_file_write(*state, "x", 1, &error));
    assert_non_null(strstr(error.message, strerror(EISDIR)));
    put_file(scratch_path(path, *state, "read-only"), "old", 3);
    chmod(path, 0444);
    if (geteuid() != 0) {
        assert_false(dv_file_write(path, "x", 1, &error));
        assert_non_null(strstr(error.message, strerror(EACCES)));
        assert_file_holds(path, "old", 3);
    }
    unlink(path);
    assert_int_equal(scratch_count(*state), 0);
}

static void folders_are_created(void **state)
{
    char path[256];
    dv_error error;
    assert_true(dv_folder_create(scratch_path(path, *state, "a//b/c/"), &error));
    assert_int_equal(mode_of(path) & 0700, 0700);
    assert_true(dv_folder_create(path, &error)); /* is there */
    assert_true(dv_folder_create("/", &error));
    assert_true(dv_folder_create(".", &error));
    put_file(scratch_path(path, *state, "a/file"), "", 0);
    assert_false(dv_folder_create(path, &error));
    assert_non_null(strstr(error.message, "a/file"));
    assert_non_null(strstr(error.message, strerror(EEXIST)));
    assert_false(dv_folder_create(scratch_path(path, *state, "a/file/d"), &error));
    assert_int_equal(error.code, DV_ERROR_FILE);
}

static void paths_are_joined(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"models", "a.onnx", "models/a.onnx"},
        {"models/", "a.onnx", "models/a.onnx"},
        {"", "a.onnx", "a.onnx"},
        {NULL, "a.onnx", "a.onnx"},
        {"models", "/a.onnx", "/a.onnx"},
        {"/", "a", "/a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = dv_path_join(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
        free(path);
    }
}

static void set_variable(const char *name, const char *value)
{
    if (value) {
        setenv(name, value, 1);
    } else {
        unsetenv(name);
    }
}

/* The cases of the XDG Base Directory Specification, each of the three kinds alike. */
static void a_users_files_have_their_places(void **state)
{
    (void)state;
    static const struct {
        dv_xdg kind;
        const char *variable, *below_home;
    } kinds[] = {{DV_XDG_CONFIG, "XDG_CONFIG_HOME", ".config"},
                 {DV_XDG_STATE, "XDG_STATE_HOME", ".local/state"},
                 {DV_XDG_CACHE, "XDG_CACHE_HOME", ".cache"}};
    static const char *const wrong[] = {NULL, "", "relative", "./x", "~/x"};
    char expected[256];
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        set_variable("HOME", "/home/user");
        set_variable(kinds[k].variable, "/somewhere/else");
        char *path = dv_xdg_path(kinds[k].kind, "a/b", false, NULL);
        assert_string_equal(path, "/somewhere/else/deepvid/a/b");
        free(path);
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            set_variable(kinds[k].variable, wrong[i]);
            path = dv_xdg_path(kinds[k].kind, "a/b", false, NULL);
            snprintf(expected, sizeof expected, "/home/user/%s/deepvid/a/b", kinds[k].below_home);
            assert_string_equal(path, expected);
            free(path);
        }
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            dv_error error;
            set_variable("HOME", wrong[i]);
            assert_null(dv_xdg_path(kinds[k].kind, "a/b", false, &error));
            assert_int_equal(error.code, DV_ERROR_FILE);
            assert_non_null(strstr(error.message, kinds[k].variable));
        }
    }
}

static void a_users_folders_are_private(void **state)
{
    char folder[256], expected[512];
    struct stat status;
    scratch_path(folder, *state, "new/cache");
    set_variable("XDG_CACHE_HOME", folder);
    free(dv_xdg_path(DV_XDG_CACHE, "projections/x", false, NULL));
    assert_int_equal(stat(folder, &status), -1);
    char *path = dv_xdg_path(DV_XDG_CACHE, "projections/x", true, NULL);
    snprintf(expected, sizeof expected, "%s/deepvid/projections/x", folder);
    assert_string_equal(path, expected);
    free(path);
    assert_int_equal(stat(expected, &status), -1); /* the folder above it is made, the file is not */
    *strrchr(expected, '/') = 0;
    assert_int_equal(stat(expected, &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0700);

    dv_error error;
    char file[256];
    put_file(scratch_path(file, *state, "file"), "x", 1);
    set_variable("XDG_CACHE_HOME", file);
    assert_null(dv_xdg_path(DV_XDG_CACHE, "x", true, &error));
    assert_int_equal(error.code, DV_ERROR_FILE);
}

static void the_clock_counts_milliseconds(void **state)
{
    (void)state;
    double before = dv_clock_ms();
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    double passed = dv_clock_ms() - before;
    assert_true(passed >= 20 && passed < 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(files_are_read_whole),
        with_scratch(files_that_cannot_be_read),
        cmocka_unit_test(files_without_a_size_are_read),
        with_scratch(gzip_is_unpacked),
        with_scratch(damaged_gzip_is_noticed),
        with_scratch(unpacking_stops_at_the_limit),
        with_scratch(files_appear_when_they_are_complete),
        with_scratch(written_files_have_the_right_mode),
        with_scratch(symbolic_links_stay),
        with_scratch(pipes_are_written_straight),
        cmocka_unit_test(a_full_device_is_an_error),
        with_scratch(a_full_disk_leaves_the_old_file),
        with_scratch(places_that_cannot_be_written),
        with_scratch(folders_are_created),
        cmocka_unit_test(paths_are_joined),
        cmocka_unit_test(a_users_files_have_their_places),
        with_scratch(a_users_folders_are_private),
        cmocka_unit_test(the_clock_counts_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
