// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/matrix.h"

namespace pinrig::report {
namespace {

using model::Verdict;

constexpr std::size_t ten = 10;
constexpr std::size_t most_pages = 3;  ///< different numbers at the right
constexpr std::size_t most_name = 44;
constexpr std::size_t most_red = 4;  ///< names of tests at one patch

struct Sign {
  const char* unicode;
  const char* ascii;
};

Sign sign_of(Verdict v) {
  switch (v) {
    case Verdict::pass:
      return {"✓", "."};
    case Verdict::fail:
      return {"✗", "F"};
    case Verdict::skip:
      return {"–", "-"};
    case Verdict::xfail:
      return {"x", "x"};
    case Verdict::xpass:
      return {"X", "X"};
    case Verdict::crash:
      return {"☠", "C"};
    case Verdict::timeout:
      return {"⧖", "T"};
    case Verdict::leak:
      return {"▲", "L"};
    case Verdict::missing:
      return {"?", "?"};
    case Verdict::error:
      return {"!", "!"};
  }
  return {"?", "?"};
}

std::string mark_text(const PointMark& m, const Painter& p) {
  if (m.inherited && m.verdict) return p.dim("=");
  if (m.warnings > 0) return p.warn("W");
  if (!m.verdict) return p.dim(p.sign("·", " "));
  const Sign s = sign_of(*m.verdict);
  const std::string text = p.sign(s.unicode, s.ascii);
  if (m.red()) return m.expected ? p.warn(text) : p.bad(text);
  return *m.verdict == Verdict::pass ? p.good(text) : p.dim(text);
}

std::string label_of(const KernelData& k) {
  return k.row.point.is_base() ? "base" : std::to_string(k.row.point.number);
}

/// The columns of a block, which begin with the base.
std::vector<std::size_t> block_of(std::size_t begin, std::size_t end) {
  std::vector<std::size_t> out;
  if (begin > 0) out.push_back(0);
  for (std::size_t i = begin; i < end; ++i) out.push_back(i);
  return out;
}

std::string pages_text(const MatrixRow& row) {
  std::vector<std::string> out;
  for (const auto& m : row.marks) {
    if (m.pages == 0) continue;
    const auto text = fmt::format("{:+}", m.pages);
    if (out.empty() || out.back() != text) out.push_back(text);
  }
  if (out.size() > most_pages) {
    out.resize(most_pages);
    out.emplace_back("...");
  }
  return join(out, " ");
}

std::string row_name(const MatrixRow& row) {
  return row.more == 0 ? row.name : fmt::format("{} and {} more", row.name, row.more);
}

/// A mark in three columns, in brackets where the red begins; a space more behind every tenth point.
std::string mark_cell(const std::string& mark, bool boxed, std::size_t width) {
  const std::string text = boxed ? "[" + mark + "]" : " " + mark + " ";
  return std::string(width > width_of(text) ? width - width_of(text) : 0, ' ') + text;
}

class MatrixBlock {
 public:
  MatrixBlock(const Matrix& m, std::vector<std::size_t> columns, std::size_t name, const Painter& p)
      : m_(m), columns_(std::move(columns)), name_(name), p_(p) {}

  std::string text() const {
    std::string out = pad(p_.bold(m_.head), name_);
    for (const auto i : columns_) out += place(i) + mark_cell(label_of(*m_.points[i]), false, width(i));
    out = trimmed(std::move(out)) + "\n";
    for (const auto& row : m_.rows) {
      if (shown(row)) out += line(row);
    }
    return out;
  }

 private:
  static std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  }
  std::size_t width(std::size_t i) const {
    return std::max<std::size_t>(3, label_of(*m_.points[i]).size() + 2);
  }
  std::string place(std::size_t i) const {
    const int number = m_.points[i]->row.point.number;
    return number > 1 && number % static_cast<int>(ten) == 1 && i != columns_.front() ? " " : "";
  }
  /// Of the later blocks only rows in which something is to be seen.
  bool shown(const MatrixRow& row) const {
    if (columns_.size() == m_.points.size()) return true;
    const PointMark& first = row.marks[columns_.front()];
    return std::any_of(columns_.begin(), columns_.end(),
                       [&](std::size_t i) { return !(row.marks[i] == first) || row.marks[i].warnings > 0; });
  }
  std::string line(const MatrixRow& row) const {
    std::string marks;
    for (const auto i : columns_)
      marks += place(i) + mark_cell(mark_text(row.marks[i], p_), row.first_red == i, width(i));
    const std::string pages = pages_text(row);
    std::string out;
    const auto parts = wrap_name(row_name(row));
    for (std::size_t n = 0; n < parts.size(); ++n)
      out +=
          trimmed(pad(parts[n], name_) + (n == 0 ? marks + (pages.empty() ? "" : "  " + pages) : "")) + "\n";
    return out;
  }
  std::vector<std::string> wrap_name(const std::string& name) const {
    std::vector<std::string> out;
    const std::size_t room = name_ - 2;
    for (std::size_t at = 0; at < name.size();) {
      std::size_t n = std::min(room - (out.empty() ? 0 : 2), name.size() - at);
      while (at + n < name.size() && (static_cast<unsigned char>(name[at + n]) & 0xc0) == 0x80) ++n;
      out.push_back((out.empty() ? "" : "  ") + name.substr(at, n));
      at += n;
    }
    return out;
  }

  const Matrix& m_;
  std::vector<std::size_t> columns_;
  std::size_t name_;
  const Painter& p_;
};

/// "  (= no code change)", "  (= nothing of it was built: drivers/x/x.c)"
std::string change_words(const RunData& data, const KernelData& k) {
  const bool same = !k.row.inherits.empty();
  const auto unbuilt = data.unbuilt_at(k.row.point.number, k);
  if (same && !unbuilt.all) return "  (= no code change)";
  return unbuilt.files.empty() ? "" : fmt::format("  ({}{})", same ? "= " : "", model::to_string(unbuilt));
}

std::string subject_lines(const RunData& data, const Matrix& m, const Painter& p) {
  std::string out;
  for (std::size_t i = 0; i < m.points.size(); ++i) {
    const auto& point = m.points[i]->row.point;
    if (point.is_base()) continue;
    std::string text = point.subject.empty() ? "(no subject)" : point.subject;
    text += change_words(data, *m.points[i]);
    out += hanging(p, fmt::format("  {:>3}  ", point.number), text);
    auto red = m.red_at(i);
    if (red.size() > most_red) {
      const auto more = red.size() - most_red;
      red.resize(most_red);
      red.push_back(fmt::format("{} more", more));
    }
    if (!red.empty()) out += hanging(p, "       " + p.bad("red from here: "), join(red, ", "));
    for (const auto& w : m.new_warnings[i]) out += hanging(p, "       " + p.warn("new warning: "), w);
  }
  return out;
}

/// How the columns are divided: those of the name, and points of a block after the base.
struct Division {
  std::size_t name = 0;
  std::size_t block = 0;
};

Division divide(const Matrix& m, const Painter& p) {
  constexpr std::size_t base = 6;    // " base "
  constexpr std::size_t mark = 4;    // "[x]", and numbers of two digits
  constexpr std::size_t least = 12;  // of a name; longer ones are broken
  const std::size_t patches = m.points.size() - 1;
  std::size_t pages = 0;
  std::size_t name = 0;
  for (const auto& row : m.rows) {
    if (const auto text = pages_text(row); !text.empty()) pages = std::max(pages, text.size() + 2);
    name = std::max(name, std::min(row_name(row).size() + 2, most_name));
  }
  const auto cost = [](std::size_t n) { return n * mark + n / ten; };
  const auto less = [](std::size_t a, std::size_t b) { return a > b ? a - b : 0; };
  const std::size_t width = less(p.width(), base + pages);
  Division d;
  d.name = std::min(name, std::max(least, less(width, cost(std::min(patches, ten)))));
  d.name = std::max(d.name, width_of(m.head) + 2);
  const std::size_t room = less(width, d.name);
  if (cost(patches) <= room)
    d.block = patches;
  else
    d.block = room >= cost(ten) ? room / cost(ten) * ten : std::max<std::size_t>(1, room / mark);
  return d;
}

std::string matrix_section(const RunData& data, const Matrix& m, const Painter& p) {
  const Division d = divide(m, p);
  std::string out;
  // The first block has the base as well.
  for (std::size_t begin = 0; !m.rows.empty() && begin < m.points.size();) {
    const std::size_t end = std::min(m.points.size(), begin + d.block + (begin == 0 ? 1 : 0));
    out += (out.empty() ? "" : "\n") + MatrixBlock(m, block_of(begin, end), d.name, p).text();
    begin = end;
  }
  out += (m.rows.empty() ? p.bold(m.head) + "  " : "") +
         fmt::format("{} the same at all {} points\n", count_of(m.same, "test"), m.points.size());
  return out + subject_lines(data, m, p);
}

std::string legend(const std::vector<Matrix>& all, const Painter& p) {
  std::vector<std::string> out;
  std::vector<Verdict> seen;
  bool inherited = false;
  bool warned = false;
  bool boxed = false;
  for (const auto& m : all) {
    for (const auto& row : m.rows) {
      boxed = boxed || row.first_red.has_value();
      for (const auto& mark : row.marks) {
        inherited = inherited || (mark.inherited && mark.verdict);
        warned = warned || mark.warnings > 0;
        if (mark.verdict && !mark.inherited &&
            std::find(seen.begin(), seen.end(), *mark.verdict) == seen.end())
          seen.push_back(*mark.verdict);
      }
    }
  }
  std::sort(seen.begin(), seen.end());
  for (const Verdict v : seen) {
    const Sign s = sign_of(v);
    out.push_back(std::string(p.sign(s.unicode, s.ascii)) + " " + model::to_string(v));
  }
  if (inherited) out.emplace_back("= no code change, not booted");
  if (warned) out.emplace_back("W new warning");
  if (boxed) out.emplace_back("[ ] first red");
  return out.empty() ? "" : hanging(p, "", join(out, "   "));
}

}  // namespace

std::string matrix_text(const RunData& data, const Painter& p) {
  const auto all = matrices(data);
  std::string out;
  for (const auto& m : all) out += (out.empty() ? "" : "\n") + matrix_section(data, m, p);
  return out.empty() ? "" : out + legend(all, p);
}

}  // namespace pinrig::report
