/* What the fuzz targets share. A target is a file that defines LLVMFuzzerTestOneInput: it gives bytes to one parser as
 * the program does, and uses what comes of them as the program does. `make fuzz` links it with clang's libFuzzer, which
 * makes the bytes up; `make check` links it with replay.c, which has them from tests/fuzz/corpus and tests/bad. */
#ifndef DV_TESTS_FUZZ_H
#define DV_TESTS_FUZZ_H

#include "deepvid.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, so that libFuzzer and make check take notice. */
#define fuzz_require(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* A refusal is a code and one line without control characters that holds `word`: the name of the file, mostly. */
void fuzz_check_refusal(const dv_error *error, const char *word);

/* A folder of this process alone, gone when it ends; HOME and XDG's variables name it. */
const char *fuzz_folder(void);
/* "FOLDER/NAME", a file that now holds these bytes. NAME may have one folder in it. Lives until the process ends. */
const char *fuzz_file(const char *name, const void *data, size_t size);

/* ---- pictures and labels: fuzz_data.c ------------------------------------------------------ */

/* Bytes as a file of pictures. */
void fuzz_pictures(const uint8_t *data, size_t size);
/* Bytes as labels: of three pictures in one file, and of three that are a file each. */
void fuzz_labels(const uint8_t *data, size_t size);
/* Bytes as one picture, decoded and scaled. */
void fuzz_picture(const uint8_t *data, size_t size);

#endif
