// SPDX-License-Identifier: GPL-2.0
#include "git/mails.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "git/folder.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

/// A name or subject for a header: one line without control characters.
std::string one_line(std::string_view text) {
  std::string out(trim(text));
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return out;
}

/// Takes the CR off each line when the first line has one: the whole mail came with the line ends of the
/// protocol. A CR that only lines of the diff have belongs to the file that it changes.
std::string with_unix_lines(std::string text) {
  const auto end = text.find('\n');
  if (end == std::string::npos || end == 0 || text[end - 1] != '\r') return text;
  std::string out;
  out.reserve(text.size());
  for (const auto line : lines(text)) out.append(line).push_back('\n');
  return out;
}

std::string as_mail(const RawSeries::File& file) {
  if (is_mail(file.text)) return with_unix_lines(file.text);
  const fs::path name = uncompressed_name(fs::path(file.name).filename().string());
  return fmt::format("From: pinrig <pinrig@localhost>\nSubject: {}\n\n{}", one_line(name.stem().string()),
                     file.text);
}

Result<std::vector<std::string>> split_mails(const Git& git, const RawSeries::File& file,
                                             const fs::path& temp) {
  std::string text = as_mail(file);
  if (text.find("\nFrom ") == std::string::npos) return std::vector<std::string>{std::move(text)};
  const fs::path dir = temp / "mails";
  std::error_code ec;
  fs::remove_all(dir, ec);
  PINRIG_CHECK(make_dirs(dir));
  PINRIG_CHECK(write_file_atomic(temp / "mbox", text));
  Call call;
  call.cwd = temp;
  call.args = {
      "mailsplit", "-b", "-d6", "--keep-cr", "--mboxrd", "-o" + dir.string(), (temp / "mbox").string()};
  PINRIG_TRY(done, git.run(call));
  if (!process::succeeded(done.status))
    return make_error(ErrorKind::bad_input, fmt::format("{}: git cannot split it into mails", file.name));
  const std::string_view said = trim(done.out);
  int count = 0;
  std::from_chars(said.data(), said.data() + said.size(), count);
  std::vector<std::string> mails;
  for (int i = 1; i <= count; ++i) {
    PINRIG_TRY(mail, read_file(dir / fmt::format("{:06}", i)));
    mails.push_back(with_unix_lines(std::move(mail)));
  }
  return mails;
}

/// "Author: A", "Email: a@b", "Subject: s" as git mailinfo prints them.
std::string field(std::string_view info, std::string_view key) {
  for (const auto line : lines(info))
    if (line.starts_with(key)) return one_line(line.substr(key.size()));
  return {};
}

std::string message_of(const std::string& subject, std::string_view body) {
  std::string message = subject + "\n";
  if (!trim(body).empty()) message += fmt::format("\n{}\n", trim(body));
  std::erase(message, '\r');
  // git refuses a commit whose message holds one.
  std::replace(message.begin(), message.end(), '\0', ' ');
  return message;
}

/// A context diff, of which git takes the first line for text; empty when there is none.
std::string context_diff(const std::string& text) {
  if (!has_context_diff(text)) return {};
  const auto at = text.starts_with("*** ") ? std::string::npos : text.find("\n*** ");
  return text.substr(at == std::string::npos ? 0 : at + 1);
}

Result<Mail> take_one_apart(const Git& git, const std::string& text, const RawSeries::File& file,
                            std::size_t number, const fs::path& temp) {
  const fs::path body = temp / "body";
  const fs::path diff = temp / "diff";
  Call call;
  call.cwd = temp;
  call.args = {"mailinfo", "-k", "--encoding=UTF-8", "--quoted-cr=nowarn", "body", "diff"};
  call.input = text;
  PINRIG_TRY(info, git.run(call));
  if (!process::succeeded(info.status)) {
    const auto said = lines(info.err);
    return make_error(ErrorKind::bad_input, fmt::format("{}: git cannot read mail {}: {}", file.name, number,
                                                        said.empty() ? "" : std::string(said.back())));
  }
  Mail mail;
  mail.numbered = parse_subject(field(info.out, "Subject: "));
  if (mail.numbered.subject.empty()) mail.numbered.subject = "(no subject)";
  if (mail.numbered.text.empty()) mail.numbered.text = mail.numbered.subject;
  Patch& p = mail.patch;
  p.subject = mail.numbered.subject;
  p.author = author_line(field(info.out, "Author: "), field(info.out, "Email: "));
  PINRIG_TRY(message, read_file(body));
  PINRIG_TRY(change, read_file(diff));
  p.message = message_of(p.subject, message);
  if (has_diff(change))
    p.diff = without_quoted_headers(without_added_cr(std::move(change)));
  else
    p.diff = context_diff(message + change);
  p.strip = file.strip;
  p.file = file.name;
  p.line = line_in_file(file.text, p.diff);
  p.flowed =
      lower(std::string_view(text).substr(0, text.find("\n\n"))).find("format=flowed") != std::string::npos;
  return mail;
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
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    const bool header = colon != std::string_view::npos && colon > 0 &&
                        std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (!header && (!folded || first)) return false;
    if (header && !folded && (lower(name) == "from" || lower(name) == "subject")) from_or_subject = true;
    first = false;
  }
  return false;
}

Result<std::vector<Mail>> take_apart(const Git& git, const RawSeries::File& file, const fs::path& temp) {
  PINRIG_TRY(texts, split_mails(git, file, temp));
  std::vector<Mail> mails;
  for (const auto& text : texts) {
    PINRIG_TRY(mail, take_one_apart(git, text, file, mails.size() + 1, temp));
    mails.push_back(std::move(mail));
  }
  return mails;
}

}  // namespace pinrig::git
