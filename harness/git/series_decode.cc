// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "git/folder.h"
#include "git/mails.h"
#include "git/patch_text.h"
#include "git/thread.h"

namespace pinrig::git {
namespace {

using Order = RawSeries::Order;

constexpr const char* kNoDiffHint =
    "an HTML mail, an attachment, an ed script or an empty file: it must be a unified diff in plain text, as "
    "written by git format-patch";

class Decoder {
 public:
  Decoder(const Git& git, const RawSeries& raw, const fs::path& temp) : git_(git), raw_(raw), temp_(temp) {}

  Result<Decoded> decode() {
    std::vector<std::vector<Mail>> files;
    for (const auto& file : raw_.files) {
      PINRIG_TRY(mails, take_apart(git_, file, temp_));
      files.push_back(std::move(mails));
    }
    switch (raw_.order) {
      case Order::thread:
        PINRIG_CHECK(take_thread(joined(files), raw_.where));
        break;
      case Order::mails:
        PINRIG_CHECK(take_mails(files));
        break;
      default:
        PINRIG_CHECK(take_files(files));
    }
    if (out_.patches.empty()) return no_patch(files);
    return std::move(out_);
  }

 private:
  static std::vector<Mail> joined(const std::vector<std::vector<Mail>>& files) {
    std::vector<Mail> all;
    for (const auto& file : files) all.insert(all.end(), file.begin(), file.end());
    return all;
  }

  Result<void> take_thread(const std::vector<Mail>& mails, const std::string& where) {
    std::vector<ThreadMail> thread;
    for (const auto& m : mails) thread.push_back({m.numbered, m.patch.diff});
    PINRIG_TRY(choice, choose_patches(thread, where));
    for (const auto i : choice.order) out_.patches.push_back(mails[i].patch);
    for (auto& n : choice.notices) out_.notices.push_back(fmt::format("{}: {}", where, n));
    return {};
  }

  /// Mails that a mail program saved: their names say nothing, their numbers do when they are those of one
  /// series.
  Result<void> take_mails(const std::vector<std::vector<Mail>>& files) {
    auto taken = take_thread(joined(files), raw_.where);
    if (taken.has_value()) return {};
    out_.notices.push_back(
        fmt::format("{}; the mails are applied in the order of their file names", taken.error().message));
    return take_files(files);
  }

  Result<void> take_files(const std::vector<std::vector<Mail>>& files) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i].size() == 1)
        PINRIG_CHECK(take_file(files[i].front(), raw_.files[i].name));
      else if (auto taken = take_thread(files[i], raw_.files[i].name); taken.has_error())
        return raw_.order == Order::names ? take_together(files) : taken;
    }
    if (raw_.order == Order::names) check_numbers(files);
    return {};
  }

  /// Files with several mails that are a series only together: 1/3 and 2/3 in one, 3/3 in the other.
  Result<void> take_together(const std::vector<std::vector<Mail>>& files) {
    for (std::size_t i = 0; i < files.size(); ++i)
      if (files[i].size() == 1) PINRIG_CHECK(take_file(files[i].front(), raw_.files[i].name));
    out_ = {};
    return take_thread(joined(files), raw_.where);
  }

  /// What the user put into the directory or the list is applied, whatever its subject says.
  Result<void> take_file(const Mail& mail, const std::string& name) {
    if (!mail.patch.diff.empty()) {
      out_.patches.push_back(mail.patch);
      out_.patches.back().fuzzy = raw_.order == Order::listed;
      return {};
    }
    const bool cover = mail.numbered.number == 0 || name.find("cover-letter") != std::string::npos;
    if (raw_.order != Order::listed && cover) return {};
    const std::string plain = lower(uncompressed_name(name));
    if (raw_.order == Order::listed || plain.ends_with(".patch") || plain.ends_with(".diff"))
      return make_error(ErrorKind::bad_input, fmt::format("{}: contains no diff", name), kNoDiffHint);
    out_.notices.push_back(fmt::format("{} contains no diff and is not applied", name));
    return {};
  }

  /// File names decide, as for `git am *.patch`; subjects that say something else are worth a line.
  void check_numbers(const std::vector<std::vector<Mail>>& files) {
    const Mail* before = nullptr;
    for (const auto& file : files) {
      const Mail& m = file.front();
      if (file.size() != 1 || m.patch.diff.empty() || m.numbered.number < 0) continue;
      if (before != nullptr && before->numbered.total == m.numbered.total &&
          before->numbered.version == m.numbered.version && m.numbered.number <= before->numbered.number) {
        out_.notices.push_back(
            fmt::format("{}: applied in the order of the file names, which differs from the patch numbers: "
                        "\"{}\" comes before \"{}\"",
                        raw_.where, before->numbered.text, m.numbered.text));
        return;
      }
      before = &m;
    }
  }

  Error no_patch(const std::vector<std::vector<Mail>>& files) const {
    std::size_t mails = 0;
    for (const auto& f : files) mails += f.size();
    if (mails == 1)
      return make_error(ErrorKind::bad_input, fmt::format("{}: contains no diff", raw_.where), kNoDiffHint);
    return make_error(ErrorKind::bad_input, fmt::format("{}: no patch in {} mails", raw_.where, mails),
                      "a patch is a mail with a diff in its text, as written by git format-patch");
  }

  const Git& git_;
  const RawSeries& raw_;
  const fs::path& temp_;
  Decoded out_;
};

}  // namespace

Result<Decoded> decode_series(const Git& git, const RawSeries& raw, const fs::path& temp) {
  return Decoder(git, raw, temp).decode();
}

}  // namespace pinrig::git
