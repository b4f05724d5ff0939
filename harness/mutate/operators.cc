// SPDX-License-Identifier: GPL-2.0
// Operators that look at words, conditions and loops, and what all of them share.
#include "mutate/operators.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace pinrig::mutate {
namespace {

using Kind = Statement::Kind;
using Words = std::vector<std::string_view>;

const Words constants{"sizeof",        "typeof",     "__typeof__",           "BUILD_BUG_ON*",
                      "static_assert", "offsetof",   "__builtin_constant_p", "DECLARE_*",
                      "DEFINE_*",      "ARRAY_SIZE", "VM_WARN_ON*",          "VM_BUG_ON*",
                      "WARN_ON*"};

// A function that has one of these in a name deals with pins.
const Words pin_words{"pin_user",         "unpin",       "FOLL_",        "get_user_pages", "gup_",
                      "iov_iter_extract", "PAGE_PINNED", "release_page", "put_refs",       "page_dirty",
                      "mark_dirty",       "pinned",      "account_mem",  "locked_vm",      "will_pin",
                      "try_grab",         "pages_dirty", "io_pin_pages", "folio_put",      "umem",
                      "mr_page"};

const Words page_words{"page", "folio", "bvec", "bv", "pin", "sg", "iov"};

// A comparison with one of these is about how much was done.
const Words amounts{"pinned", "pages", "copied", "count", "len", "size", "bytes", "left"};
const Words amount_names{"ret", "res", "rc", "err", "nr", "n", "got", "i", "nr_pinned"};

const Words checks{"gup_must_unshare",
                   "read_seqcount_retry",
                   "pte_val",
                   "pmd_val",
                   "pud_val",
                   "p4d_val",
                   "pte_same",
                   "pmd_same",
                   "*_access_permitted",
                   "can_follow_write_*",
                   "folio_is_longterm_pinnable",
                   "gup_fast_folio_allowed",
                   "folio_fast_pin_allowed",
                   "pte_special",
                   "*_protnone",
                   "gup_can_follow_protnone",
                   "is_valid_gup_args",
                   "writable_file_mapping_allowed",
                   "check_vma_flags",
                   "vma_is_*",
                   "*anon_exclusive",
                   "PageAnonExclusive",
                   "*_is_secretmem",
                   "rlimit",
                   "capable",
                   "*uffd_wp",
                   "is_zero_page",
                   "is_zero_folio",
                   "access_ok",
                   "validate_range",
                   "validate_unaligned_range",
                   "*maybe_dma_pinned*",
                   "folio_trylock",
                   "vma_can_userfault",
                   "vma_move_compatible",
                   "cross_vma_compatible",
                   "security_*",
                   "mm_access",
                   "pmd_bad",
                   "pud_bad"};

const std::map<std::string_view, std::string_view>& swapped() {
  static const std::map<std::string_view, std::string_view> m{{"READ", "WRITE"},
                                                              {"WRITE", "READ"},
                                                              {"ITER_SOURCE", "ITER_DEST"},
                                                              {"ITER_DEST", "ITER_SOURCE"},
                                                              {"DMA_TO_DEVICE", "DMA_FROM_DEVICE"},
                                                              {"DMA_FROM_DEVICE", "DMA_TO_DEVICE"},
                                                              {"RXE_TO_MR_OBJ", "RXE_FROM_MR_OBJ"},
                                                              {"RXE_FROM_MR_OBJ", "RXE_TO_MR_OBJ"},
                                                              {"vm_write", "!vm_write"}};
  return m;
}
const Words direction_calls{"iov_iter_rw", "op_is_write", "bio_data_dir", "rq_data_dir"};

bool is_literal(const Source& s, Range r) {
  return r.size() == 1 && (s.tokens[r.begin].kind == Token::Kind::number || s.is(r.begin, "NULL"));
}

bool ends_operand(std::string_view t) {
  return t == "&&" || t == "||" || t == "," || t == "?" || t == ":" || t == ";" || t == "=" || t == "!";
}

// The operands of the comparison at token k: [first, k) and [k + 1, second).
Range around(const Source& s, Range in, std::size_t k) {
  Range r{k, k + 1};
  for (int depth = 0; r.begin > in.begin; --r.begin) {
    const auto t = s.at(r.begin - 1);
    if (t == ")" || t == "]") ++depth;
    if ((t == "(" || t == "[") && depth-- == 0) break;
    if (depth == 0 && ends_operand(t)) break;
  }
  for (int depth = 0; r.end < in.end; ++r.end) {
    const auto t = s.at(r.end);
    if (t == "(" || t == "[") ++depth;
    if ((t == ")" || t == "]") && depth-- == 0) break;
    if (depth == 0 && ends_operand(t) && t != "!") break;
  }
  return r;
}

bool has_word(const Source& s, Range r, const Words& globs) {
  for (std::size_t i = r.begin; i < r.end; ++i) {
    if (s.is_word(i) && matches(globs, s.at(i))) return true;
  }
  return false;
}

}  // namespace

bool matches(const Words& globs, std::string_view name) {
  return std::any_of(globs.begin(), globs.end(), [&](auto glob) { return glob_match(glob, name); });
}

Maker::Maker(const Source& source, const Function& function, const std::string& path,
             std::vector<Candidate>& out)
    : s_(source), f_(function), path_(path), out_(out) {
  for (std::size_t i = f_.body.begin; i + 1 < f_.body.end; ++i) {
    if (!s_.is_word(i) || !s_.is(i + 1, "(") || !matches(constants, s_.at(i))) continue;
    if (const auto shut = closing(s_, i + 1, f_.body.end)) constant_.push_back({i, *shut + 1});
  }
  pins_ = mentions(f_.body, pin_words);
}

bool Maker::mentions(Range range, const Words& parts) const {
  for (std::size_t i = range.begin; i < range.end; ++i) {
    if (!s_.is_word(i)) continue;
    for (const auto part : parts) {
      if (s_.at(i).find(part) != std::string_view::npos) return true;
    }
  }
  return false;
}

const Statement* Maker::usable(Range tokens) const {
  if (tokens.empty()) return nullptr;
  for (const auto& c : constant_) {
    if (c.holds(tokens.begin)) return nullptr;
  }
  for (std::size_t i = tokens.begin; i < tokens.end; ++i) {
    if (s_.tokens[i].kind == Token::Kind::directive) return nullptr;
  }
  const Statement* st = statement_at(f_, tokens.begin);
  if (st == nullptr) return nullptr;
  if (st->kind == Kind::expression || st->kind == Kind::leave) return st;
  if (st->kind == Kind::declaration) return s_.is(st->all.begin, "static") ? nullptr : st;
  if (st->kind == Kind::branch) return st->head.holds(tokens.begin) ? st : nullptr;
  const bool keyword =
      s_.is(st->all.begin, "for") || s_.is(st->all.begin, "while") || s_.is(st->all.begin, "do");
  return st->kind == Kind::loop && keyword && st->head.holds(tokens.begin) ? st : nullptr;
}

Range Maker::shown(const Statement& st, const std::vector<Edit>& edits) const {
  if (edits.front().kind == Edit::Kind::insert || (st.head.empty() && st.body.empty())) return st.all;
  return {s_.is(st.all.begin, "do") ? st.head.begin - 2 : st.all.begin, st.head.end + 1};
}

std::string Maker::changed(Range range, const std::vector<Edit>& edits) const {
  std::string out;
  std::size_t at = range.begin;
  for (const auto& e : edits) {
    if (e.kind == Edit::Kind::drop) return {};
    if (e.kind == Edit::Kind::twice) return text(range) + " " + text(range);
    if (!out.empty() && e.tokens.begin > at && s_.tokens[at].begin > s_.tokens[at - 1].end) out += ' ';
    out += text({at, e.tokens.begin});
    if (e.tokens.begin > at && s_.tokens[e.tokens.begin].begin > s_.tokens[e.tokens.begin - 1].end)
      out += ' ';
    out += e.with;
    at = e.tokens.end;
  }
  if (at < range.end && s_.tokens[at].begin > s_.tokens[at - 1].end) out += ' ';
  return out + text({at, range.end});
}

void Maker::add(Op op, std::vector<Edit> edits) {
  const auto& first = edits.front().tokens;
  const Statement* st = statement_at(f_, first.begin);
  Candidate c;
  c.mutant.file = path_;
  c.mutant.function = f_.name;
  c.mutant.op = op;
  if (edits.front().kind == Edit::Kind::insert) {
    // Shown at the head of the loop that it leaves.
    const Range head{st->all.begin, st->head.empty() ? st->all.begin + 1 : st->head.end + 1};
    c.mutant.line = s_.tokens[st->all.begin].line;
    c.mutant.before = text(head);
    c.mutant.after = text(head) + " { ... " + edits.front().with + " }";
  } else {
    const Range range = shown(*st, edits);
    c.mutant.line = s_.tokens[first.begin].line;
    c.mutant.before = text(range);
    c.mutant.after = changed(range, edits);
  }
  c.mutant.text = s_.line(c.mutant.line);
  c.edits = std::move(edits);
  out_.push_back(std::move(c));
}

void Maker::replace(Op op, Range what, const std::string& with) {
  if (usable(what) != nullptr && text(what) != with) add(op, {{Edit::Kind::replace, what, with}});
}

void Maker::words() {
  for (std::size_t i = f_.body.begin; i < f_.body.end; ++i) {
    if (!s_.is_word(i)) continue;
    const Range one{i, i + 1};
    const bool member = s_.is(i - 1, ".") || s_.is(i - 1, "->");
    const bool assigned = s_.is(i + 1, "=") || s_.is(i - 1, "&");
    if (s_.at(i).starts_with("FOLL_") && !s_.is(i + 1, "(")) replace(Op::foll_flag, one, "0");
    const auto other = swapped().find(s_.at(i));
    if (other == swapped().end() || member || assigned) continue;
    const Statement* st = usable(one);
    if (st == nullptr) continue;
    // One side of a comparison is enough.
    const Range in = st->head.holds(i) ? st->head : st->all;
    if (has_word(s_, around(s_, in, i), direction_calls)) continue;
    replace(Op::direction, one, std::string(other->second));
  }
}

void Maker::comparisons(const Statement& st) {
  for (std::size_t k = st.head.begin + 1; k + 1 < st.head.end; ++k) {
    const bool compares =
        s_.is(k, "!=") || s_.is(k, "<") || s_.is(k, "<=") || s_.is(k, ">") || s_.is(k, ">=");
    if (!compares) continue;
    const Range whole = around(s_, st.head, k);
    const Range left{whole.begin, k};
    const Range right{k + 1, whole.end};
    if (left.empty() || right.empty() || is_literal(s_, left)) continue;
    if (!mentions(whole, amounts) && !has_word(s_, whole, amount_names)) continue;
    if (has_word(s_, whole, checks)) continue;
    replace(Op::short_count, whole, "0");
  }
}

void Maker::branches() {
  for (const auto& st : f_.statements) {
    if (st.kind != Kind::branch) continue;
    if (pins_) comparisons(st);
    const bool leaves = has_word(s_, st.body, {"return", "goto", "break", "continue"});
    if (leaves && has_word(s_, st.head, checks)) replace(Op::skip_recheck, st.head, "0");
  }
}

// for (i = 0; i < n; i++): from 1, to n - 1.
void Maker::for_bounds(const Statement& st) {
  const Range h = st.head;
  std::size_t semi = h.begin;
  while (semi < h.end && !s_.is(semi, ";")) ++semi;
  if (semi >= h.begin + 1 && semi < h.end && s_.is(semi - 1, "0") && s_.is(semi - 2, "="))
    replace(Op::off_by_one, {semi - 1, semi}, "1");
  for (std::size_t k = semi + 1; k < h.end && !s_.is(k, ";"); ++k) {
    if (!s_.is(k, "<")) continue;
    std::size_t end = k + 1;
    while (end < h.end && !s_.is(end, ";") && !s_.is(end, "&&")) ++end;
    replace(Op::off_by_one, {k + 1, end}, text({k + 1, end}) + " - 1");
  }
}

void Maker::loops() {
  if (!pins_) return;
  for (const auto& st : f_.statements) {
    if (st.kind != Kind::loop || !st.plain || !mentions(st.all, page_words)) continue;
    if (s_.is(st.all.begin, "for")) for_bounds(st);
    // `do { } while (0)` is no loop.
    const bool once = s_.is(st.all.begin, "do") && st.head.size() == 1 && s_.is(st.head.begin, "0");
    if (once || !s_.is(st.body.begin, "{") || st.body.size() < 3) continue;
    const std::size_t shut = st.body.end - 1;
    add(Op::leave_loop, {{Edit::Kind::insert, {shut, shut}, "break;"}});
  }
}

std::vector<Candidate> candidates(const Source& source, const std::string& path, const LineFilter& lines) {
  std::vector<Candidate> out;
  for (const auto& f : functions_of(source)) {
    Maker maker(source, f, path, out);
    maker.calls();
    maker.words();
    maker.branches();
    maker.loops();
  }
  if (lines) std::erase_if(out, [&](const Candidate& c) { return !lines(c.mutant.line); });
  std::stable_sort(out.begin(), out.end(), [](const Candidate& a, const Candidate& b) {
    return a.edits.front().tokens.begin < b.edits.front().tokens.begin;
  });
  return out;
}

}  // namespace pinrig::mutate
