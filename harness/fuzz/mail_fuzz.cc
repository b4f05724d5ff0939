// SPDX-License-Identifier: GPL-2.0
// Mailboxes, patches and quilt's list of them.
#include "fuzz.h"
#include "git/mail_text.h"
#include "git/mailbox.h"
#include "git/patch_text.h"
#include "git/quilt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pinrig;
  const auto text = fuzz::text_of(data, size);
  if (const auto mails = git::split_mailbox(text, "fuzz.mbox"); mails.has_value()) {
    std::size_t bytes = 0;
    for (const auto& mail : *mails) {
      bytes += mail.size();
      static_cast<void>(git::is_mail(mail));
      static_cast<void>(git::message_id_of(mail));
      static_cast<void>(git::one_line(git::header_of(mail, "subject:")));
    }
    fuzz::must(bytes <= 2 * size + 2);
  }
  for (const auto& path : git::named_paths(text)) static_cast<void>(git::unsafe_path(path));
  static_cast<void>(git::has_context_diff(text) || git::moves_files(text));
  static_cast<void>(git::damage_hint(text, false));
  static_cast<void>(git::parse_rejection(text, text));
  static_cast<void>(git::without_quoted_headers(git::without_added_cr(std::string(text))));
  static_cast<void>(git::second_patch(text));
  static_cast<void>(git::parse_series_file(text, "series", [](const std::string&) { return true; }));
  return 0;
}
