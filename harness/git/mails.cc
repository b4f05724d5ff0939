// SPDX-License-Identifier: GPL-2.0
#include "git/mails.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "git/folder.h"
#include "git/mailbox.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

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

/// The mails of a file; a text that is none becomes one with the file's name as subject.
Result<std::vector<std::string>> split_mails(const RawSeries::File& file) {
  PINRIG_TRY(mails, split_mailbox(file.text, file.name));
  for (auto& mail : mails) {
    if (is_mail(mail)) {
      mail = with_unix_lines(std::move(mail));
      continue;
    }
    const fs::path name = uncompressed_name(fs::path(file.name).filename().string());
    mail = fmt::format("From: pinrig <pinrig@localhost>\nSubject: {}\n\n{}", one_line(name.stem().string()),
                       mail);
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
  if (const std::string more = second_patch(p.diff); !more.empty())
    return make_error(
        ErrorKind::bad_input, fmt::format("{}: {} follows the diff of \"{}\"", file.name, more, p.subject),
        "a file contains one patch, or mails as written by git format-patch --stdout A..B; commits "
        "of a repository are --series REPO:A..B");
  p.strip = file.strip;
  p.file = file.name;
  p.line = line_in_file(file.text, p.diff);
  p.flowed =
      lower(std::string_view(text).substr(0, text.find("\n\n"))).find("format=flowed") != std::string::npos;
  return mail;
}

}  // namespace

Result<std::vector<Mail>> take_apart(const Git& git, const RawSeries::File& file, const fs::path& temp) {
  PINRIG_TRY(texts, split_mails(file));
  std::vector<Mail> mails;
  for (const auto& text : texts) {
    PINRIG_TRY(mail, take_one_apart(git, text, file, mails.size() + 1, temp));
    mails.push_back(std::move(mail));
  }
  return mails;
}

}  // namespace pinrig::git
