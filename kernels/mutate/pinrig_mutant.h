/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mutants of `pinrig mutate`: one kernel carries all of them, and the kernel
 * parameter pinrig_mutant=N turns one on. With 0, none is on. Included on the
 * first line of a file, so it includes nothing itself.
 */
#ifndef _LINUX_PINRIG_MUTANT_H
#define _LINUX_PINRIG_MUTANT_H

#define PINRIG_MUTANTS 8192

extern int pinrig_mutant;
extern unsigned char pinrig_reached[PINRIG_MUTANTS];

/*
 * Is mutant n on? Notes that its place was reached. The text stays in the
 * image when the place is compiled in: pinrig looks for it there.
 */
#define pinrig_mutant_is(n)                                                               \
  ({                                                                                      \
    static const char pinrig_place[] __attribute__((__used__)) = "pinrig-mutant:" #n ";"; \
    *(volatile unsigned char*)&pinrig_reached[n] = 1;                                     \
    __builtin_expect(*(volatile int*)&pinrig_mutant == (n), 0);                           \
  })

#endif
