/* Which of a kernel's versions runs: the instruction set that it was compiled for. */
#ifndef DV_KERNEL_ISA_H
#define DV_KERNEL_ISA_H

#if defined(__x86_64__) && defined(__GNUC__)
#define DV_ISA_X86 1
/* What a function is compiled for; GCC also takes a stretch of a file, from DV_BEGIN_... to DV_END. */
#define DV_TARGET_AVX2 "avx2,fma"
#define DV_TARGET_AVX512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,prefer-vector-width=512"
#define DV_BEGIN_AVX2 _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,fma\")")
#define DV_BEGIN_AVX512                                                                                                \
    _Pragma("GCC push_options")                                                                                        \
        _Pragma("GCC target(\"avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,prefer-vector-width=512\")")
#define DV_END _Pragma("GCC pop_options")
#else
#define DV_ISA_X86 0
#endif

typedef enum dv_isa {
    DV_ISA_GENERIC, /* vectors of 4 floats */
    DV_ISA_AVX2,    /* of 8, fused multiply-add */
    DV_ISA_AVX512,  /* of 16 */
} dv_isa;

/* The widest that the processor has and the environment variable DEEPVID_ISA ("generic", "avx2", "avx512") does not
 * exceed. The same for as long as the program runs. */
dv_isa dv_isa_choose(void);
const char *dv_isa_name(dv_isa isa);

#endif
