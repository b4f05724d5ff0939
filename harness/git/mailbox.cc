// SPDX-License-Identifier: GPL-2.0
#include "git/mailbox.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/text.h"
#include "git/numbering.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";

bool hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

/// Lines with their ends.
std::vector<std::string_view> whole_lines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

/// "From x Mon Sep 17 00:00:00 2001"
bool is_dated(std::string_view line) {
  line = trim(line);
  if (line.size() < 20 || !line.starts_with("From ")) return false;
  const auto colon = line.rfind(':');
  if (colon == std::string_view::npos || colon < 9 || colon + 2 >= line.size()) return false;
  for (const std::size_t at : {colon - 4, colon - 2, colon - 1, colon + 1, colon + 2})
    if (!is_digit(line[at])) return false;
  const std::string_view rest = trim(line.substr(colon + 3));
  int year = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), year);
  // "2001 +0100" and "+0100 2001"
  const auto last = rest.find_last_of(' ');
  if (year <= 90 && last != std::string_view::npos)
    std::from_chars(rest.data() + last + 1, rest.data() + rest.size(), year);
  return year > 90;
}

/// "Subject" of "Subject: x"; empty when the line is no header.
std::string_view header_name(std::string_view line) {
  const auto name = line.substr(0, line.find(':'));
  const bool sound = name.size() < line.size() && !name.empty() &&
                     std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return sound ? name : std::string_view();
}

/// Headers up to an empty line.
struct Head {
  bool from = false;
  bool subject = false;
  bool transported = false;  ///< one that no author writes into a message
  bool multipart = false;

  bool of_mail() const { return from && subject; }
};

class Splitter {
 public:
  explicit Splitter(std::string_view text) : lines_(whole_lines(text)) {}

  Result<std::vector<std::string>> split(const std::string& where) {
    while (at_ < lines_.size() && trim(without_mark(lines_[at_])).empty()) ++at_;
    first_ = at_;
    for (; at_ < lines_.size(); ++at_) {
      const std::string_view line = lines_[at_];
      const std::string_view start = mail_start();
      if (!start.empty()) {
        mails_.emplace_back(start);
        after_diff_ = false;
        multipart_ = head_at(start.starts_with("From ") ? at_ + 1 : at_).multipart;
      } else {
        (mails_.empty() ? before_ : mails_.back()).append(line);
        after_diff_ = after_diff_ || line.starts_with("diff --git ") ||
                      (line.starts_with("+++ ") && at_ > 0 && lines_[at_ - 1].starts_with("--- "));
      }
    }
    if (mails_.empty()) return std::vector<std::string>{std::move(before_)};
    if (has_diff(before_))
      return make_error(ErrorKind::bad_input, where + ": a diff comes before the first mail",
                        "give each of them a file of its own, in one directory");
    if (mails_.size() > 1 && mails_.front().starts_with("From "))
      for (auto& mail : mails_) unquote(mail);
    return std::move(mails_);
  }

 private:
  static std::string_view without_mark(std::string_view line) {
    while (line.starts_with(kMark)) line.remove_prefix(kMark.size());
    return line;
  }

  std::string_view line(std::size_t i) const { return i < lines_.size() ? lines_[i] : std::string_view(); }

  Head head_at(std::size_t i) const {
    Head head;
    for (std::size_t n = i; n < lines_.size() && !trim(lines_[n]).empty(); ++n) {
      const std::string_view text = n == i ? without_mark(lines_[n]) : lines_[n];
      const bool folded = n > i && (text[0] == ' ' || text[0] == '\t');
      if (folded || text.starts_with("From ") || text.starts_with(">From ")) continue;
      const std::string name = lower(header_name(text));
      if (name.empty()) return {};
      head.from = head.from || name == "from";
      head.subject = head.subject || name == "subject";
      head.transported = head.transported || name == "message-id" || name == "mime-version" ||
                         name == "received" || name == "return-path" || name == "content-transfer-encoding";
      head.multipart = head.multipart || (name == "content-type" && lower(text).find("multipart/") != npos);
    }
    return head;
  }

  /// The line at which a mail begins, without what was put before it; empty when none begins here.
  std::string_view mail_start() {
    const std::string_view bare = without_mark(lines_[at_]);
    const bool marked = bare.size() < lines_[at_].size();
    const bool first = at_ == first_;
    const bool behind_blank = first || trim(lines_[at_ - 1]).empty();
    if (bare.starts_with(">From ")) {
      quoted_ = quoted_ || first;
      const Head head = head_at(at_ + 1);
      const bool sure = first || (quoted_ && is_dated(bare.substr(1)) && (head.from || head.subject));
      return sure || (after_diff_ && head.of_mail()) ? bare.substr(1) : std::string_view();
    }
    if (bare.starts_with("From ")) {
      dated_ = dated_ || is_dated(bare);
      const std::string_view next = line(at_ + 1);
      if (first) return bare;
      if (is_dated(bare))
        return !header_name(next).empty() || next.starts_with(">From ") || trim(next).empty()
                   ? bare
                   : std::string_view();
      return (!dated_ || after_diff_) && head_at(at_ + 1).of_mail() ? bare : std::string_view();
    }
    if (header_name(bare).empty() || !(first || marked || behind_blank)) return {};
    const Head head = head_at(at_);
    const bool joined = !dated_ && !multipart_ && head.of_mail() && head.transported;
    if (first ? head.from || head.subject : joined || ((marked || after_diff_) && head.of_mail()))
      return bare;
    return {};
  }

  /// mboxrd: a '>' stands before each line of a body that would separate mails.
  static void unquote(std::string& mail) {
    std::string out;
    for (std::string_view line : whole_lines(mail)) {
      const auto quotes = line.find_first_not_of('>');
      if (quotes != npos && quotes > 0 && line.substr(quotes).starts_with("From ")) line.remove_prefix(1);
      out.append(line);
    }
    mail = std::move(out);
  }

  static constexpr auto npos = std::string_view::npos;

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  std::size_t first_ = 0;
  std::string before_;
  std::vector<std::string> mails_;
  bool after_diff_ = false;  ///< in the mail that is read
  bool multipart_ = false;   ///< that mail: others may be attached to it
  bool quoted_ = false;      ///< the file begins with ">From "
  bool dated_ = false;       ///< a "From " line with a date was there: an mbox
};

/// "3e029cd41440 mm: x" of `git log -p --oneline`
bool is_one_line_commit(std::string_view line) {
  const auto blank = line.find(' ');
  return blank != std::string_view::npos && blank >= 7 && blank <= 40 &&
         std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(blank), hex);
}

bool is_commit(std::string_view line) {
  constexpr std::string_view kCommit = "commit ";
  return line.starts_with(kCommit) && line.size() >= kCommit.size() + 40 &&
         std::all_of(line.begin() + kCommit.size(), line.begin() + kCommit.size() + 40, hex);
}

}  // namespace

bool is_mail(std::string_view text) {
  if (text.starts_with("From ")) return true;
  bool from_or_subject = false;
  bool first = true;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    const bool folded = text[0] == ' ' || text[0] == '\t';
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) return from_or_subject;
    const auto name = header_name(line);
    if (name.empty() && (!folded || first)) return false;
    if (!name.empty() && !folded && (lower(name) == "from" || lower(name) == "subject"))
      from_or_subject = true;
    first = false;
  }
  return false;
}

Result<std::vector<std::string>> split_mailbox(std::string_view text, const std::string& where) {
  return Splitter(text).split(where);
}

std::string second_patch(std::string_view diff) {
  const auto all = lines(diff);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string_view next = i + 1 < all.size() ? all[i + 1] : std::string_view();
    const bool author =
        next.starts_with("Author:") || next.starts_with("Merge:") || next.starts_with("tree ");
    if ((is_commit(all[i]) && author) || (is_one_line_commit(all[i]) && next.starts_with("diff --git ")) ||
        all[i].starts_with("# HG changeset patch"))
      return "a second commit";
    if (all[i].starts_with("Subject: [")) return "a second mail";
  }
  return {};
}

}  // namespace pinrig::git
