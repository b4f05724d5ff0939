# SPDX-License-Identifier: GPL-2.0
"""Lists the pinned pages of a dump and who maps them, and references that nothing explains:
drgn -c VMCORE -s VMLINUX pins.py

A pin is GUP_PIN_COUNTING_BIAS references of a folio of one page, and one in the pin count of a larger one
(mm/gup.c). A page with so many plain references looks pinned, as it does to the kernel. Who maps a page is what
the kernel's reverse map says; a page that nobody maps is held by its pin alone.

The references of a folio of one page are its mappings, one of the page or swap cache, one of buffers
(PG_private), those of the CPUs' batches (mm/swap.c), and one of who allocated it if it is none of these. What is
left over is listed: 1023 are what a pin leaves that was put instead of unpinned. Larger folios have a pin count,
and are not looked at for that. Needs a vmlinux with DWARF; kernels from 5.10 on.
"""
import struct
import sys

from drgn import Object, TypeKind, sizeof
from drgn.helpers.linux.cpumask import for_each_possible_cpu
from drgn.helpers.linux.fs import inode_path
from drgn.helpers.linux.mm import decode_page_flags
from drgn.helpers.linux.percpu import per_cpu
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.rbtree import rbtree_inorder_for_each_entry

BIAS = 1024
MOST = 100  # lines about references that nothing explains
MAPPED_ANON = 1  # PAGE_MAPPING_ANON: the low bits of page->mapping


def constant(name, otherwise):
    try:
        return prog.constant(name).value_()
    except LookupError:
        return otherwise


def has_member(type_name, member):
    try:
        return prog.type(type_name).has_member(member)
    except LookupError:
        return False


def sections():
    """(first PFN, address of the first struct page, pages) of each section of memory: mm/sparse.c."""
    shift = constant("SECTION_SIZE_BITS", 27) - page_shift
    per_root = max(1, page_size // sizeof(prog.type("struct mem_section")))
    table = prog["mem_section"]
    extreme = table.type_.kind.name == "POINTER"
    roots = constant("NR_SECTION_ROOTS", None) or (1 << (constant("MAX_PHYSMEM_BITS", 46) - page_shift - shift)) // per_root
    if not extreme:
        roots = len(table)
        per_root = len(table[0]) if table[0].type_.kind.name == "ARRAY" else 1
    for root in range(roots):
        entry = table[root]
        if extreme and not entry.value_():
            continue
        for i in range(per_root):
            coded = entry[i].section_mem_map.value_()
            if coded & 2:  # SECTION_HAS_MEM_MAP
                pfn = (root * per_root + i) << shift
                yield pfn, (coded & ~0x3F) + pfn * page_struct, 1 << shift


def pins_of_large(head):
    """The pin count of a folio of several pages."""
    if has_member("struct folio", "_pincount"):
        return Object(prog, "struct folio *", value=head)._pincount.counter.value_()
    for index, member in ((1, "compound_pincount"), (2, "hpage_pinned_refcount")):
        if has_member("struct page", member):
            page = Object(prog, "struct page *", value=head + index * page_struct)
            return getattr(page, member).counter.value_()
    return 0


def order_of(head):
    if has_member("struct folio", "_folio_order"):
        return Object(prog, "struct folio *", value=head)._folio_order.value_()
    first_tail = Object(prog, "struct page *", value=head + page_struct)
    if has_member("struct page", "compound_order"):
        return first_tail.compound_order.value_()
    return Object(prog, "struct folio *", value=head)._flags_1.value_() & 0xFF


def folios():
    """(PFN, address of the struct page, its bytes, references) of each that is in use, in the order of memory."""
    refs = prog.type("struct page").member("_refcount").bit_offset // 8
    for first, address, count in sections():
        try:
            raw = prog.read(address, count * page_struct)
        except Exception:  # a hole in the memory map: page by page
            raw = None
        for i in range(count):
            try:
                page = raw[i * page_struct : (i + 1) * page_struct] if raw else prog.read(address + i * page_struct, page_struct)
            except Exception:
                continue
            (tail,) = struct.unpack_from("<Q", page, 8)
            (count_of_refs,) = struct.unpack_from("<i", page, refs)
            if not tail & 1 and count_of_refs > 0:
                yield first + i, address + i * page_struct, page, count_of_refs


def batched():
    """How many of the CPUs' batches have a folio, by the address of its struct page (mm/swap.c, mm/mlock.c)."""
    found = {}

    def look(value):
        if value.type_.kind != TypeKind.STRUCT:
            return
        if value.type_.tag in ("folio_batch", "pagevec"):
            entries = value.folios if value.type_.tag == "folio_batch" else value.pages
            for i in range(min(value.nr.value_(), len(entries))):
                page = entries[i].value_()
                found[page] = found.get(page, 0) + 1
            return
        for member in value.type_.members:
            if member.name:
                look(getattr(value, member.name))

    for name in ("cpu_fbatches", "lru_rotate", "lru_pvecs", "mlock_fbatch", "mlock_pvec"):
        try:
            batches = prog[name]
        except KeyError:
            continue
        for cpu in for_each_possible_cpu(prog):
            look(per_cpu(batches, cpu))
    return found


def mappings_of(page):
    """Of a folio of one page; what is below -1 is the type of a page that cannot be mapped."""
    return max(0, page._mapcount.counter.value_() + 1)


def explained(page, flags, batches):
    """References that a folio of one page should have."""
    mapping = page.mapping.value_()
    known = mappings_of(page) + batches.get(page.value_(), 0)
    if flags & (1 << constant("PG_reserved", 11)):
        return None
    if mapping & 3 == MAPPED_ANON or mapping & 3 == 3:  # 3: PAGE_MAPPING_KSM
        cached = flags & (1 << constant("PG_swapcache", -1)) if constant("PG_swapcache", None) is not None else 0
        return known + (1 if cached and flags & (1 << constant("PG_swapbacked", 0)) else 0)
    if mapping and mapping & 3 == 0:
        private = (1 << constant("PG_private", 0)) | (1 << constant("PG_private_2", 0))
        return known + 1 + (1 if flags & private else 0)
    # On the LRU without a mapping: of a file that lost it.
    return known if flags & (1 << constant("PG_lru", 5)) else known + 1


def find():
    """Pinned folios as (PFN, address, pins, references, order), and others whose references are too many as
    (PFN, address, references, of which explained)."""
    head_bit = 1 << constant("PG_head", 6)
    batches = batched()
    pinned, extra = [], []
    for pfn, where, raw, refs in folios():
        (flags,) = struct.unpack_from("<Q", raw, 0)
        if flags & head_bit:
            pins = pins_of_large(where)
            if pins > 0:
                pinned.append((pfn, where, pins, refs, order_of(where)))
            continue
        if refs >= BIAS:
            pinned.append((pfn, where, refs // BIAS, refs, 0))
        if refs > 1:
            known = explained(Object(prog, "struct page *", value=where), flags, batches)
            if known is not None and refs > known and (refs - known) % BIAS:
                extra.append((pfn, where, refs, known))
    return pinned, extra


def vmas_of(page, mapping):
    """The areas that may map the page, and what it is of."""
    index = page.index.value_()
    if mapping & MAPPED_ANON:
        anon = Object(prog, "struct anon_vma *", value=mapping & ~3)
        tree = anon.rb_root.rb_root.address_of_()
        vmas = [c.vma for c in rbtree_inorder_for_each_entry("struct anon_vma_chain", tree, "rb")]
        what = "anonymous"
    else:
        space = Object(prog, "struct address_space *", value=mapping)
        tree = space.i_mmap.rb_root.address_of_()
        vmas = list(rbtree_inorder_for_each_entry("struct vm_area_struct", tree, "shared.rb"))
        path = inode_path(space.host) if space.host else None
        what = "file " + (path.decode(errors="replace") if path else "without a name")
    covering = []
    for vma in vmas:
        at = vma.vm_start.value_() + ((index - vma.vm_pgoff.value_()) << page_shift)
        if vma.vm_start.value_() <= at < vma.vm_end.value_():
            covering.append((vma, at))
    return what, covering


def who_and_what(page, owners):
    """Text on what a page is of and who maps it."""
    mapping = page.mapping.value_()
    who, what = [], "no mapping"
    try:
        if mapping:
            what, covering = vmas_of(page, mapping)
            for vma, at in covering:
                mm = vma.vm_mm.value_()
                who.append(f"{owners.get(mm, 'a process that ended')} at {at:#x}")
    except Exception as problem:
        what += f" (unreadable: {problem})"
    by = "; mapped by " + ", ".join(who) if who else "; mapped by nobody"
    return f"{what}{by}; {decode_page_flags(page)}"


def main():
    owners = {}
    for task in for_each_task(prog):
        if task.mm:
            owners.setdefault(task.mm.value_(), f"{task.comm.string_().decode(errors='replace')} ({task.pid.value_()})")
    pinned, extra = find()
    print("PFN        order  refs  pins  mapped  what and who; flags")
    for pfn, address, pins, refs, order in pinned:
        page = Object(prog, "struct page *", value=address)
        mapped = "-" if order else mappings_of(page)
        print(f"{pfn:#010x} {order:5} {refs:5} {pins:5} {mapped:>7}  {who_and_what(page, owners)}")
    print(f"{len(pinned)} pinned folios, {sum(p[2] for p in pinned)} pins")
    if not extra:
        return print("every reference of a folio of one page is explained")
    print("\nreferences that nothing explains\nPFN         refs  explained  left  what and who; flags")
    for pfn, address, refs, known in extra[:MOST]:
        page = Object(prog, "struct page *", value=address)
        left = refs - known
        put = f" = {left // (BIAS - 1)} x 1023: put instead of unpinned" if left % (BIAS - 1) == 0 else ""
        print(f"{pfn:#010x} {refs:5} {known:10} {left:5}{put}  {who_and_what(page, owners)}")
    if len(extra) > MOST:
        print(f"and {len(extra) - MOST} more")
    print(f"{len(extra)} folios with {sum(r - k for _, _, r, k in extra)} references that nothing explains")


try:
    page_struct = sizeof(prog.type("struct page"))
except LookupError:
    sys.exit("pins.py: this vmlinux has no DWARF, so the layout of struct page is not known: build the kernel with CONFIG_DEBUG_INFO")
page_size = prog["PAGE_SIZE"].value_()
page_shift = prog["PAGE_SHIFT"].value_()
main()
