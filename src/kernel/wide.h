/* Functions compiled several times, for wider and wider vectors; which one runs is the processor's choice when the
 * program starts. For plain loops only, which the compiler vectorises: code that is written for one width is slow in
 * the others. */
#ifndef DV_KERNEL_WIDE_H
#define DV_KERNEL_WIDE_H

#include <stdint.h> /* for __GLIBC__: choosing takes a loader that can */

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define DV_WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DV_WIDE
#endif

#endif
