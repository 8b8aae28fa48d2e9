/* Functions of plain loops, compiled once for each instruction set so that the compiler vectorises them for it; which
 * copy runs is the choice of kernel/isa.h. Not for code that is written for one width of vectors: it is slow in the
 * others. */
#ifndef DV_KERNEL_WIDE_H
#define DV_KERNEL_WIDE_H

#include "kernel/isa.h"

/* What such a function is made of beside its own text. Anything else that it calls is compiled for the least of the
 * instruction sets. */
#define DV_WIDE_PART static inline __attribute__((always_inline))

/* Stands before the text of a function: DV_WIDE(static, void, f, (int64_t n, float *y), (n, y)) { ... } defines
 * static void f(int64_t n, float *y). LINKAGE is static or extern. */
#if DV_ISA_X86
#define DV_WIDE(LINKAGE, RESULT, NAME, PARAMETERS, ARGUMENTS)                                                          \
    DV_WIDE_PART RESULT NAME##_text PARAMETERS;                                                                        \
    __attribute__((target(DV_TARGET_AVX2))) static RESULT NAME##_avx2 PARAMETERS                                       \
    {                                                                                                                  \
        return NAME##_text ARGUMENTS;                                                                                  \
    }                                                                                                                  \
    __attribute__((target(DV_TARGET_AVX512))) static RESULT NAME##_avx512 PARAMETERS                                   \
    {                                                                                                                  \
        return NAME##_text ARGUMENTS;                                                                                  \
    }                                                                                                                  \
    LINKAGE RESULT NAME PARAMETERS                                                                                     \
    {                                                                                                                  \
        const dv_isa isa = dv_isa_choose();                                                                            \
        return isa >= DV_ISA_AVX512 ? NAME##_avx512 ARGUMENTS                                                          \
               : isa == DV_ISA_AVX2 ? NAME##_avx2 ARGUMENTS                                                            \
                                    : NAME##_text ARGUMENTS;                                                           \
    }                                                                                                                  \
    DV_WIDE_PART RESULT NAME##_text PARAMETERS
#else
#define DV_WIDE(LINKAGE, RESULT, NAME, PARAMETERS, ARGUMENTS) LINKAGE RESULT NAME PARAMETERS
#endif

#endif
