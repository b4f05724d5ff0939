/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest of a few hundred bytes that tells whether an accelerator can run a kernel: QEMU enters it
 * through PVH as it enters vmlinux (Documentation of the ABI: Xen's docs/misc/pvh.pandoc: 32-bit
 * protected mode, flat segments, no paging). It turns on paging and long mode, does what kernels do there
 * and broken KVM cannot emulate, works for a fixed number of rounds, says so on the first serial port,
 * and ends QEMU by its isa-debug-exit port.
 */
#define ROUNDS          0x2000000       /* 33.6 million: some 0.15 s under TCG */
#define SERIAL          0x3f8
#define DEBUG_EXIT      0xf4            /* -device isa-debug-exit,iobase=0xf4: status is 2 * value + 1 */
#define EXIT_VALUE      0x21            /* QEMU ends with status 67 */

#define CR0_PE_PG       0x80000001
#define CR0_EM          0x4
#define CR0_MP          0x2
#define CR4_PAE         0x20
#define CR4_OSFXSR      0x600           /* OSFXSR and OSXMMEXCPT: SSE without #UD */
#define MSR_EFER        0xc0000080
#define EFER_LME        0x100
#define PTE_HUGE_RW     0x83            /* present, writable, 2 MiB */
#define PTE_TABLE       0x03            /* present, writable */

        .section .note.pvh, "a", @note
        .long   4                       /* name size */
        .long   4                       /* value size */
        .long   18                      /* XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz  "Xen"
        .long   start

        .text
        .code32
        .globl  start
start:
        cld
        /* Identity map of the first 1 GiB in 2 MiB pages. */
        movl    $pml4, %edi
        movl    $pdpt + PTE_TABLE, (%edi)
        movl    $pdpt, %edi
        movl    $pd + PTE_TABLE, (%edi)
        movl    $pd, %edi
        movl    $PTE_HUGE_RW, %eax
        movl    $512, %ecx
1:      movl    %eax, (%edi)
        addl    $0x200000, %eax
        addl    $8, %edi
        loop    1b

        movl    %cr4, %eax
        orl     $CR4_PAE | CR4_OSFXSR, %eax
        movl    %eax, %cr4
        movl    $pml4, %eax
        movl    %eax, %cr3
        movl    $MSR_EFER, %ecx
        rdmsr
        orl     $EFER_LME, %eax
        wrmsr
        movl    %cr0, %eax
        andl    $~CR0_EM, %eax
        orl     $CR0_PE_PG | CR0_MP, %eax
        movl    %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $0x08, $long_mode

        .code64
long_mode:
        movl    $0x10, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movq    $stack_top, %rsp

        /* The first instruction of a kernel that emulation in KVM is known to fail on (mm/slub.c uses it). */
        xorl    %eax, %eax
        xorl    %edx, %edx
        movl    $1, %ebx
        movl    $2, %ecx
        lock cmpxchg16b pair
        jnz     fail
        cmpq    $2, pair + 8
        jne     fail

        movq    $ROUNDS, %r12
        xorl    %r13d, %r13d
        movsd   one, %xmm0
work:
        leaq    1(%r13, %r13, 4), %r13
        rolq    $7, %r13
        movl    %r12d, %eax
        andl    $0xfff8, %eax
        movq    %r13, scratch(%rax)
        subq    $1, %r12
        testq   $0xfffff, %r12
        jnz     2f
        /* As a context switch does: new page tables, so that translations have to be made again. */
        movq    %cr3, %rax
        movq    %rax, %cr3
        addsd   %xmm0, %xmm0
        cpuid
2:      testq   %r12, %r12
        jnz     work

        movq    $ok_text, %rsi
        movl    $ok_end - ok_text, %ecx
        movl    $EXIT_VALUE, %ebx
        jmp     say
fail:
        movq    $fail_text, %rsi
        movl    $fail_end - fail_text, %ecx
        movl    $0, %ebx
say:
        movl    $SERIAL, %edx
        rep outsb
        movl    %ebx, %eax
        movl    $DEBUG_EXIT, %edx
        outl    %eax, %dx
halt:
        hlt
        jmp     halt

        .section .rodata
ok_text:
        .ascii  "pinrig-probe ok\n"
ok_end:
fail_text:
        .ascii  "pinrig-probe: cmpxchg16b is wrong\n"
fail_end:
        .balign 8
one:    .double 1.0
gdt:
        .quad   0
        .quad   0x00af9a000000ffff      /* 0x08: 64-bit code */
        .quad   0x00cf92000000ffff      /* 0x10: data */
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .long   gdt

        .bss
        .balign 4096
pml4:   .skip   4096
pdpt:   .skip   4096
pd:     .skip   4096
        .balign 16
pair:   .skip   16
        .skip   4096
stack_top:
        .balign 4096
scratch:
        .skip   0x10000
