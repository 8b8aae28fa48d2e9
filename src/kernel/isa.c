#include "kernel/isa.h"

#include "base/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if DV_ISA_HAS_AMX
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The system lends the registers to whoever asks. */
static bool has_amx(void)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18, BFLOAT16_BIT = 22, TILE_BIT = 24 }; /* asm/prctl.h; cpuid 7 */
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && d >> BFLOAT16_BIT & 1 && d >> TILE_BIT & 1 &&
           syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}
#else
#define has_amx() false
#endif

static const char *const names[] = {
    [DV_ISA_GENERIC] = "generic", [DV_ISA_AVX2] = "avx2", [DV_ISA_AVX512] = "avx512", [DV_ISA_AMX] = "amx"};

const char *dv_isa_name(dv_isa isa)
{
    return names[isa];
}

dv_isa dv_isa_of_processor(void)
{
#if DV_ISA_X86
    __builtin_cpu_init(); /* for those that ask before main */
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return DV_ISA_GENERIC;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq"))
        return has_amx() ? DV_ISA_AMX : DV_ISA_AVX512;
    return DV_ISA_AVX2;
#else
    return DV_ISA_GENERIC;
#endif
}

/* What DEEPVID_ISA asks for: all that there is where it is not set or empty, -1 where no set has that name. */
static int read_wish(void)
{
    const char *wish = getenv("DEEPVID_ISA");
    int isa = DV_ISA_AMX;
    while (wish && *wish && isa >= 0 && strcmp(wish, names[isa]) != 0)
        isa--;
    return isa;
}

bool dv_isa_check(dv_error *error)
{
    return read_wish() >= 0 || dv_error_set(error, DV_ERROR_ARGUMENT,
                                            "DEEPVID_ISA in the environment is '%s', not generic, avx2, avx512 or amx",
                                            getenv("DEEPVID_ISA"));
}

static dv_isa decide(void)
{
    const int wish = read_wish();
    const dv_isa most = dv_isa_of_processor();
    return wish >= 0 && wish < (int)most ? (dv_isa)wish : most;
}

dv_isa dv_isa_choose(void)
{
    /* Asked in every kernel; every thread would answer alike. */
    static atomic_int known;
    int isa = atomic_load_explicit(&known, memory_order_relaxed);
    if (!isa)
        atomic_store_explicit(&known, isa = 1 + (int)decide(), memory_order_relaxed);
    return (dv_isa)(isa - 1);
}
