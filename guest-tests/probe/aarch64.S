/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The aarch64 counterpart of x86_64.S, entered by QEMU's `virt` machine at EL1 with the MMU off: a fixed
 * amount of work with exclusive accesses (or LSE atomics) as kernels use, a line on the PL011, and PSCI's
 * SYSTEM_OFF.
 */
#define ROUNDS          0x2000000       /* 33.6 million: some 0.15 s under TCG */
#define PL011           0x09000000      /* VIRT_UART of hw/arm/virt.c */
#define PSCI_OFF_HIGH   0x8400          /* SYSTEM_OFF is 0x84000008 */
#define PSCI_OFF_LOW    0x0008

        .text
        .globl  start
start:
        /* FP and SIMD registers must not trap: CPACR_EL1.FPEN = 3. */
        mov     x0, #(3 << 20)
        msr     cpacr_el1, x0
        isb
        ldr     x1, =scratch
        ldr     x2, =ROUNDS
        mov     x3, #0
        fmov    d0, #1.0
work:
        add     x3, x3, x3, lsl #2
        add     x3, x3, #1
        ror     x3, x3, #57
        and     x4, x2, #0xfff8
        str     x3, [x1, x4]
        sub     x2, x2, #1
        tst     x2, #0xfffff
        b.ne    1f
        /* As a context switch does: all translations have to be made again. */
        tlbi    vmalle1
        dsb     sy
        isb
        fadd    d0, d0, d0
1:      cbnz    x2, work

        adr     x1, ok_text
        ldr     x2, =PL011
2:      ldrb    w0, [x1], #1
        cbz     w0, off
        str     w0, [x2]
        b       2b
off:
        movz    x0, #PSCI_OFF_LOW
        movk    x0, #PSCI_OFF_HIGH, lsl #16
        hvc     #0
halt:
        wfi
        b       halt

        .section .rodata
ok_text:
        .asciz  "pinrig-probe ok\n"

        .bss
        .balign 4096
scratch:
        .skip   0x10000
