// SPDX-License-Identifier: GPL-2.0
// Operators that look at calls by name.
#include <algorithm>

#include "mutate/operators.h"

namespace pinrig::mutate {
namespace {

using Names = std::vector<std::string_view>;

const Names releases{"unpin_*",
                     "gup_put_folio",
                     "folio_put",
                     "folio_put_refs",
                     "put_page",
                     "release_pages",
                     "bio_release_page*",
                     "__bio_release_page*",
                     "bio_integrity_unpin_bvec",
                     "dio_cleanup",
                     "folio_ref_sub",
                     "__ib_umem_release",
                     "ib_umem_release",
                     "bio_free_pages",
                     "io_release_ubuf",
                     "bio_map_user_put*",
                     "unpin_user_page",
                     "put_pages",
                     "put_netmem"};
const Names takes{"folio_get",    "get_page", "folio_ref_add", "folio_ref_inc",
                  "bio_set_flag", "bio_get",  "mmgrab"};
const Names dirtying{"set_page_dirty",        "set_page_dirty_lock", "folio_mark_dirty",
                     "folio_mark_dirty_lock", "bio_set_pages_dirty", "bio_check_pages_dirty",
                     "filemap_dirty_folio",   "pte_mkdirty"};
const Names charging{"account_locked_vm",       "__account_locked_vm",       "__io_account_mem",
                     "io_account_mem",          "__io_unaccount_mem",        "io_unaccount_mem",
                     "mm_account_pinned_pages", "mm_unaccount_pinned_pages", "node_stat_mod_folio",
                     "mod_node_page_state"};
const Names atomics{"atomic64_add", "atomic64_sub", "atomic_long_add",     "atomic_long_sub",
                    "atomic_add",   "atomic_sub",   "atomic64_add_return", "atomic_long_add_return"};
const Names directions{"iov_iter_rw", "op_is_write", "bio_data_dir", "rq_data_dir"};
const Names kinds{"iov_iter_extract_will_pin", "bio_flagged"};

/// Which argument of a function is what, from 0; -1 = none.
struct Shape {
  Names names;
  int head = -1;   ///< the first page of a range
  int count = -1;  ///< number of pages
  int flags = -1;  ///< FOLL_ flags
  int dirty = -1;  ///< mark dirty?
};

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> table{
      {{"unpin_user_pages", "unpin_folios"}, 0, 1, -1, -1},
      {{"unpin_user_pages_dirty_lock", "unpin_user_page_range_dirty_lock"}, 0, 1, -1, 2},
      {{"unpin_user_folio", "folio_put_refs", "folio_ref_add", "folio_ref_sub", "gup_put_folio",
        "unpin_user_folio_dirty_locked"},
       -1,
       1,
       -1,
       -1},
      {{"try_grab_folio", "try_grab_folio_fast"}, -1, 1, -1, -1},
      {{"pin_user_pages", "pin_user_pages_fast", "pin_user_pages_unlocked", "get_user_pages",
        "get_user_pages_fast", "get_user_pages_unlocked", "pin_user_pages_fast_only"},
       -1,
       1,
       2,
       -1},
      {{"pin_user_pages_remote", "get_user_pages_remote"}, -1, 2, 3, -1},
      {{"bio_release_pages", "__bio_release_pages"}, -1, -1, -1, 1},
      {{"account_locked_vm", "__account_locked_vm", "__io_account_mem", "io_account_mem",
        "__io_unaccount_mem", "io_unaccount_mem"},
       -1,
       1,
       -1,
       -1},
      {{"node_stat_mod_folio"}, -1, 2, -1, -1}};
  return table;
}

const Shape* shape_of(const std::string& name) {
  for (const auto& s : shapes()) {
    if (matches(s.names, name)) return &s;
  }
  return nullptr;
}

}  // namespace

bool Maker::is_whole(const Statement& st, const Call& c) const {
  return st.kind == Statement::Kind::expression && st.plain && st.all.begin == c.all.begin &&
         st.all.end == c.all.end + 1;
}

// n - 1, n + 1, and the first page omitted.
void Maker::counts(const Call& c) {
  const Shape* shape = shape_of(c.name);
  if (shape == nullptr || shape->count < 0 || c.args.size() <= static_cast<std::size_t>(shape->count)) return;
  const Range count = c.args[static_cast<std::size_t>(shape->count)];
  if (usable(count) == nullptr) return;
  const std::string n = text(count);
  replace(Op::off_by_one, count, "(" + n + ") - 1");
  replace(Op::off_by_one, count, "(" + n + ") + 1");
  if (shape->head < 0) return;
  const Range head = c.args[static_cast<std::size_t>(shape->head)];
  add(Op::off_by_one, {{Edit::Kind::replace, head, "(" + text(head) + ") + 1"},
                       {Edit::Kind::replace, count, "(" + n + ") - 1"}});
}

void Maker::flags(const Call& c) {
  const Shape* shape = shape_of(c.name);
  if (shape == nullptr) return;
  if (shape->dirty >= 0 && c.args.size() > static_cast<std::size_t>(shape->dirty)) {
    const Range dirty = c.args[static_cast<std::size_t>(shape->dirty)];
    if (!(dirty.size() == 1 && s_.is(dirty.begin, "false"))) replace(Op::skip_dirty, dirty, "false");
  }
  if (shape->flags < 0 || c.args.size() <= static_cast<std::size_t>(shape->flags)) return;
  const Range flags = c.args[static_cast<std::size_t>(shape->flags)];
  const std::string now = text(flags);
  // Where the flag is written out, leaving it out is another operator's.
  if (now.find("FOLL_WRITE") == std::string::npos) {
    replace(Op::foll_flag, flags, "(" + now + ") | FOLL_WRITE");
    replace(Op::foll_flag, flags, "(" + now + ") & ~FOLL_WRITE");
  }
  if (now.find("FOLL_LONGTERM") == std::string::npos)
    replace(Op::foll_flag, flags, "(" + now + ") ^ FOLL_LONGTERM");
}

void Maker::charges(const Call& c, const Statement& st, bool whole) {
  if (whole) return add(Op::charge, {{Edit::Kind::drop, st.all, ""}});
  replace(Op::charge, c.all, "0");
}

void Maker::call(const Call& c) {
  const Statement* st = usable(c.all);
  if (st == nullptr) return;
  const bool whole = is_whole(*st, c);
  const bool counter = matches(atomics, c.name) && mentions(c.all, {"_pincount", "pinned_vm", "locked_vm"});
  const bool pinned_flag = c.name.find("flag") == std::string::npos || mentions(c.all, {"PAGE_PINNED"});
  if (whole && matches(releases, c.name)) {
    add(Op::drop_release, {{Edit::Kind::drop, st->all, ""}});
    add(Op::double_release, {{Edit::Kind::twice, st->all, ""}});
  }
  if (whole && matches(takes, c.name) && pinned_flag) add(Op::drop_take, {{Edit::Kind::drop, st->all, ""}});
  if (whole && matches(dirtying, c.name)) add(Op::skip_dirty, {{Edit::Kind::drop, st->all, ""}});
  if (counter || matches(charging, c.name)) charges(c, *st, whole);
  if (matches(directions, c.name)) replace(Op::direction, c.all, "!" + text(c.all));
  if (matches(kinds, c.name) && pinned_flag) replace(Op::pin_kind, c.all, "!" + text(c.all));
  counts(c);
  flags(c);
  if (c.name == "folio_nr_pages" || c.name == "compound_nr") replace(Op::page_for_folio, c.all, "1");
  if (c.name == "folio_size") replace(Op::page_for_folio, c.all, "PAGE_SIZE");
  if (c.name == "folio_shift") replace(Op::page_for_folio, c.all, "PAGE_SHIFT");
  if (c.name == "folio_page_idx") replace(Op::page_for_folio, c.all, "0");
  if (c.args.size() != 2 && c.name != "offset_in_page") return;
  if (c.name == "nth_page") replace(Op::page_for_folio, c.all, text(c.args[0]));
  if (c.name == "folio_page") replace(Op::page_for_folio, c.args[1], "0");
  if (c.name == "offset_in_folio")
    replace(Op::wrong_offset, c.all, "offset_in_page(" + text(c.args[1]) + ")");
  if (c.name == "offset_in_page") replace(Op::wrong_offset, c.all, "0");
}

void Maker::calls() {
  for (const auto& c : calls_in(s_, f_.body)) call(c);
}

}  // namespace pinrig::mutate
