// SPDX-License-Identifier: GPL-2.0
#include "git/identity.h"

#include <algorithm>

#include "base/hash.h"
#include "base/text.h"
#include "git/mail_text.h"
#include "git/mailbox.h"
#include "git/numbering.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

/// What of a mail's headers matters here.
struct Headers {
  std::string message_id;  ///< without <>
  Numbered subject;
};

std::vector<Headers> mails_of(const RawSeries& raw) {
  std::vector<Headers> out;
  for (const auto& file : raw.files) {
    const auto mails = split_mailbox(file.text, file.name);
    if (mails.has_error()) continue;
    for (const auto& mail : *mails) {
      if (!is_mail(mail)) continue;
      out.push_back({message_id_of(mail), parse_subject(header_of(mail, "subject:"))});
    }
  }
  std::erase_if(out, [](const Headers& h) { return h.subject.reply; });
  return out;
}

/// The newest mail that fits: nullptr when none does.
template <typename Fits>
const Headers* newest(const std::vector<Headers>& mails, Fits fits) {
  const Headers* best = nullptr;
  for (const auto& m : mails) {
    if (fits(m) && (best == nullptr || m.subject.version > best->subject.version)) best = &m;
  }
  return best;
}

}  // namespace

std::vector<std::string> trailers_of(const RawSeries& raw, const std::string& key) {
  std::vector<std::string> out;
  const auto add = [&](std::string_view text) {
    for (const auto line : lines(text)) {
      if (!line.starts_with(key + ": ")) continue;
      std::string value(trim(line.substr(key.size() + 2)));
      if (std::find(out.begin(), out.end(), value) == out.end()) out.push_back(std::move(value));
    }
  };
  for (const auto& file : raw.files) add(file.text);
  for (const auto& commit : raw.commits) add(commit.message);
  return out;
}

SeriesIdentity identity_of(const RawSeries& raw, const std::vector<std::string>& subjects) {
  SeriesIdentity out;
  const auto mails = mails_of(raw);
  bool known = false;  // the version, from the mail of a patch
  for (const auto& subject : subjects) {
    const Headers* mail = newest(
        mails, [&](const Headers& h) { return h.subject.number != 0 && h.subject.subject == subject; });
    out.message_ids.push_back(mail == nullptr ? "" : mail->message_id);
    if (mail == nullptr) continue;
    out.version = std::max(out.version, mail->subject.version);
    known = true;
  }
  const Headers* cover = newest(mails, [&](const Headers& h) {
    return h.subject.number == 0 && (!known || h.subject.version <= out.version);
  });
  if (cover != nullptr) out.message_id = cover->message_id;
  const auto ids = trailers_of(raw, "change-id");
  if (!ids.empty())
    out.change_id = ids.back();
  else if (cover != nullptr)
    out.change_id = sha256_hex(lower(cover->subject.subject)).substr(0, 16);
  else if (!subjects.empty())
    out.change_id = sha256_hex(lower(subjects.front())).substr(0, 16);
  return out;
}

}  // namespace pinrig::git
