# SPDX-License-Identifier: GPL-2.0
"""Lists the pinned pages of a dump and who maps them: drgn -c VMCORE -s VMLINUX pins.py

A pin is GUP_PIN_COUNTING_BIAS references of a folio of one page, and one in the pin count of a larger one
(mm/gup.c). A page with so many plain references looks pinned, as it does to the kernel. Who maps a page is what
the kernel's reverse map says; a page that nobody maps is held by its pin alone. Needs a vmlinux with DWARF;
kernels from 5.10 on.
"""
import struct
import sys

from drgn import Object, cast, container_of, sizeof
from drgn.helpers.linux.fs import inode_path
from drgn.helpers.linux.mm import decode_page_flags
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.rbtree import rbtree_inorder_for_each_entry

BIAS = 1024
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


def pinned():
    """(PFN, address of the struct page, pins, references, order), in the order of memory."""
    refs = prog.type("struct page").member("_refcount").bit_offset // 8
    head_bit = 1 << constant("PG_head", 6)
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
            flags, tail = struct.unpack_from("<QQ", page, 0)
            (count_of_refs,) = struct.unpack_from("<i", page, refs)
            if tail & 1 or count_of_refs <= 0:
                continue
            where = address + i * page_struct
            if flags & head_bit:
                pins = pins_of_large(where)
                if pins > 0:
                    yield first + i, where, pins, count_of_refs, order_of(where)
            elif count_of_refs >= BIAS:
                yield first + i, where, count_of_refs // BIAS, count_of_refs, 0


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


def main():
    owners = {}
    for task in for_each_task(prog):
        if task.mm:
            owners.setdefault(task.mm.value_(), f"{task.comm.string_().decode(errors='replace')} ({task.pid.value_()})")
    total = folios = 0
    print("PFN        order  refs  pins  mapped  what and who; flags")
    for pfn, address, pins, refs, order in pinned():
        page = Object(prog, "struct page *", value=address)
        folios += 1
        total += pins
        mapcount = page._mapcount.counter.value_() + 1
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
        mapped = "-" if order else max(0, mapcount)
        by = "; mapped by " + ", ".join(who) if who else "; mapped by nobody"
        print(f"{pfn:#010x} {order:5} {refs:5} {pins:5} {mapped:>7}  {what}{by}; {decode_page_flags(page)}")
    print(f"{folios} pinned folios, {total} pins")


try:
    page_struct = sizeof(prog.type("struct page"))
except LookupError:
    sys.exit("pins.py: this vmlinux has no DWARF, so the layout of struct page is not known: build the kernel with CONFIG_DEBUG_INFO")
page_size = prog["PAGE_SIZE"].value_()
page_shift = prog["PAGE_SHIFT"].value_()
main()
