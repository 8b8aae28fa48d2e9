/* Which of a kernel's versions runs: the instruction set that it was compiled for. */
#ifndef DV_KERNEL_ISA_H
#define DV_KERNEL_ISA_H

#include "deepvid.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define DV_ISA_X86 1
/* What a function is compiled for, and a stretch of a file: from DV_BEGIN_... to DV_END. */
#define DV_TARGET_AVX2 "avx2,fma"
#define DV_BEGIN_AVX2 DV_BEGIN(DV_TARGET_AVX2)
#define DV_BEGIN_AVX512 DV_BEGIN(DV_TARGET_AVX512)
#define DV_BEGIN_AMX DV_BEGIN(DV_TARGET_AMX)
#define DV_PRAGMA(WORDS) _Pragma(#WORDS)
#ifdef __clang__ /* which takes the widest vectors unasked */
#define DV_TARGET_AVX512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma"
#define DV_TARGET_AMX "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,amx-tile,amx-bf16"
#define DV_BEGIN(TARGET) DV_PRAGMA(clang attribute push(__attribute__((target(TARGET))), apply_to = function))
#define DV_END DV_PRAGMA(clang attribute pop)
#else
#define DV_TARGET_AVX512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,prefer-vector-width=512"
#define DV_TARGET_AMX "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,amx-tile,amx-bf16,prefer-vector-width=512"
#define DV_BEGIN(TARGET) DV_PRAGMA(GCC push_options) DV_PRAGMA(GCC target(TARGET))
#define DV_END DV_PRAGMA(GCC pop_options)
#endif
#if defined(__linux__) && (__GNUC__ >= 11 || __clang_major__ >= 12)
#define DV_ISA_HAS_AMX 1
#endif
/* The versions of something by dv_isa, as an initialiser: the others need not be there without the processor. */
#define DV_BY_ISA(GENERIC, AVX2, AVX512)                                                                               \
    {                                                                                                                  \
        [DV_ISA_GENERIC] = (GENERIC), [DV_ISA_AVX2] = (AVX2), [DV_ISA_AVX512] = (AVX512), [DV_ISA_AMX] = (AVX512)      \
    }
#else
#define DV_ISA_X86 0
#define DV_BY_ISA(GENERIC, AVX2, AVX512)                                                                               \
    {                                                                                                                  \
        [DV_ISA_GENERIC] = (GENERIC)                                                                                   \
    }
#endif

typedef enum dv_isa {
    DV_ISA_GENERIC, /* vectors of 4 floats */
    DV_ISA_AVX2,    /* of 8, fused multiply-add */
    DV_ISA_AVX512,  /* of 16 */
    DV_ISA_AMX,     /* of 16, and tiles of bfloat16 (kernel/tiles.h) */
} dv_isa;

/* The last of them that the processor has, */
dv_isa dv_isa_of_processor(void);
/* or an earlier one that the environment variable DEEPVID_ISA asks for by its name, "generic", "avx2" or "avx512". The
 * same for as long as the program runs. */
dv_isa dv_isa_choose(void);
/* False and an error where DEEPVID_ISA is no such name: so that nobody calculates with another set than
 * they believe. */
bool dv_isa_check(dv_error *error);
const char *dv_isa_name(dv_isa isa);

#endif
