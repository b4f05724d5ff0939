// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "git/numbering.h"
#include "git/patch_text.h"
#include "git/series_read.h"

namespace pinrig::git {
namespace {

/// A mail after git mailinfo.
struct Mail {
  Patch patch;
  Numbered numbered;
};

/// Whether git mailinfo would find its headers: quilt patches and plain diffs have none.
bool is_mail(std::string_view text) {
  if (text.starts_with("From ")) return true;
  bool from_or_subject = false;
  for (const auto line : lines(text.substr(0, 8192))) {
    if (line.empty()) return from_or_subject;
    if (line.starts_with("From:") || line.starts_with("Subject:")) from_or_subject = true;
    const auto colon = line.find(':');
    const bool header = colon != std::string_view::npos && colon > 0 && line.find(' ') > colon;
    if (!header && line[0] != ' ' && line[0] != '\t') return false;
  }
  return false;
}

/// A name or subject for a header: one line.
std::string one_line(std::string_view text) {
  std::string out(trim(text));
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return out;
}

std::string as_mail(const RawSeries::File& file) {
  if (is_mail(file.text)) return file.text;
  return fmt::format("From: pinrig <pinrig@localhost>\nSubject: {}\n\n{}",
                     one_line(fs::path(file.name).stem().string()), file.text);
}

Result<Mail> take_apart(const Git& git, const fs::path& path, bool keep_subject) {
  PINRIG_TRY(text, read_file(path));
  const fs::path body = path.string() + ".body";
  const fs::path diff = path.string() + ".diff";
  Call call;
  call.cwd = path.parent_path();
  call.args = {"mailinfo", "-k", "--encoding=UTF-8", "--quoted-cr=strip", body.string(), diff.string()};
  call.input = std::move(text);
  PINRIG_TRY(info, git.run_ok(call, ErrorKind::bad_input));
  Mail mail;
  std::string name;
  std::string address;
  std::string subject;
  for (const auto line : lines(info.out)) {
    if (line.starts_with("Author: ")) name = one_line(line.substr(8));
    if (line.starts_with("Email: ")) address = one_line(line.substr(7));
    if (line.starts_with("Subject: ")) subject = one_line(line.substr(9));
  }
  mail.numbered = parse_subject(subject);
  mail.patch.subject = keep_subject ? subject : mail.numbered.subject;
  for (auto* part : {&name, &address}) std::erase_if(*part, [](char c) { return c == '<' || c == '>'; });
  if (address.empty()) address = "unknown@localhost";
  mail.patch.author = fmt::format("{} <{}>", name.empty() ? address : name, address);
  PINRIG_TRY(message, read_file(body));
  PINRIG_TRY(patch, read_file(diff));
  mail.patch.message = fmt::format("{}\n", mail.patch.subject);
  if (!trim(message).empty()) mail.patch.message += fmt::format("\n{}\n", trim(message));
  mail.patch.diff = std::move(patch);
  return mail;
}

/// One file per mail in `dir`, named by number.
Result<std::vector<fs::path>> split_mails(const Git& git, const RawSeries& raw, const fs::path& temp) {
  const fs::path dir = temp / "mails";
  PINRIG_CHECK(make_dirs(dir));
  Call call;
  call.cwd = temp;
  call.args = {"mailsplit", "-b", "-d6", "--mboxrd", "-o" + dir.string()};
  int number = 0;
  for (const auto& file : raw.files) {
    const fs::path whole = temp / fmt::format("file{:06}", ++number);
    PINRIG_CHECK(write_file_atomic(whole, as_mail(file)));
    call.args.push_back(whole.string());
  }
  auto said = git.text(call, ErrorKind::bad_input);
  if (said.has_error()) return std::move(said).error().with_context(raw.where);
  int count = 0;
  std::from_chars(said->data(), said->data() + said->size(), count);
  std::vector<fs::path> mails;
  for (int i = 1; i <= count; ++i) mails.push_back(dir / fmt::format("{:06}", i));
  return mails;
}

Error no_patch(const RawSeries& raw, std::size_t mails, bool replies) {
  return make_error(ErrorKind::bad_input,
                    fmt::format("{}: no patch in {} mail{}{}", raw.where, mails, mails == 1 ? "" : "s",
                                replies ? ", only replies" : ""),
                    "a patch is a mail with a diff in its text, as git format-patch writes it");
}

}  // namespace

Result<std::vector<Patch>> decode_series(const Git& git, const RawSeries& raw, const fs::path& temp) {
  PINRIG_TRY(paths, split_mails(git, raw, temp));
  std::vector<Patch> patches;
  std::vector<Numbered> numbers;
  bool replies = false;
  for (const auto& path : paths) {
    auto mail = take_apart(git, path, raw.keep_subjects);
    if (mail.has_error()) return std::move(mail).error().with_context(raw.where);
    if (!raw.keep_subjects && mail->numbered.reply) {
      replies = true;  // also one with a diff: a suggestion, not part of the series
      continue;
    }
    if (!raw.keep_subjects && mail->numbered.number == 0) continue;
    if (!has_diff(mail->patch.diff)) {
      if (mail->numbered.number <= 0 && !raw.keep_subjects) continue;
      return make_error(
          ErrorKind::bad_input, fmt::format("{}: no diff in \"{}\"", raw.where, mail->patch.subject),
          "an HTML mail, an attachment or an empty commit: it must be plain text as git format-patch writes");
    }
    patches.push_back(std::move(mail->patch));
    numbers.push_back(std::move(mail->numbered));
  }
  if (patches.empty()) return no_patch(raw, paths.size(), replies);
  if (raw.keep_order) return patches;
  PINRIG_TRY(order, order_of(numbers, raw.where));
  std::vector<Patch> ordered;
  for (const auto at : order) ordered.push_back(std::move(patches[at]));
  return ordered;
}

}  // namespace pinrig::git
