// SPDX-License-Identifier: GPL-2.0
#include "cli/series_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/hash.h"
#include "base/text.h"
#include "process/process.h"

namespace pinrig::cli {
namespace {

/// More than any series: a wrong file was piped.
constexpr std::size_t most_bytes = std::size_t{256} << 20;
constexpr const char* lore = "https://lore.kernel.org/";

Result<std::string> read_all(int fd) {
  std::string out;
  char piece[65536];
  for (;;) {
    const ssize_t n = ::read(fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("--series -: reading stdin", errno);
    if (n == 0) break;
    out.append(piece, static_cast<std::size_t>(n));
    if (out.size() > most_bytes)
      return make_error(ErrorKind::bad_usage,
                        "--series -: more than 256 MiB on stdin: not a series of patches");
  }
  if (out.empty())
    return make_error(ErrorKind::bad_usage, "--series -: nothing on stdin",
                      "pipe a series into it: b4 am -o - MESSAGE-ID | pinrig run --series - --base NAME");
  return out;
}

/// Named by its content: the same series gives the same file, and a run can be repeated.
std::string kept_name(const std::string& mails, const std::string& name) {
  return fmt::format("{}-{}", name, sha256_hex(mails).substr(0, 12));
}

Result<std::string> keep(const std::string& mails, const std::string& name, const Paths& paths) {
  const fs::path dir = paths.state / "series";
  PINRIG_CHECK(make_dirs(dir));
  const fs::path file = dir / (kept_name(mails, name) + ".mbox");
  PINRIG_CHECK(write_file_atomic(file, mails));
  return file.string();
}

Result<std::string> ask_b4(const std::string& id, const CancelToken& cancel) {
  if (process::find_program("b4").empty())
    return make_error(ErrorKind::missing_tool,
                      fmt::format("--series {}: b4, which fetches mails, is not in PATH", id),
                      "apt install b4, or save the thread's t.mbox.gz and use --series t.mbox.gz");
  process::Command b4;
  b4.argv = {"b4", "am", "-o", "-", id};
  PINRIG_TRY(said, process::run(b4, cancel));
  if (std::holds_alternative<process::Cancelled>(said.status)) return cancelled_error();
  if (process::succeeded(said.status) && !said.out.empty()) return std::move(said.out);
  const auto words = lines(said.err);
  return make_error(ErrorKind::bad_input,
                    fmt::format("--series {}: b4 found no series: {}", id,
                                words.empty() ? process::to_string(said.status) : shown(words.back())),
                    "b4 am -o - " + shell_quote(id) + " shows all that it says");
}

}  // namespace

std::string message_id_in(const std::string& word) {
  std::error_code ec;
  if (fs::exists(word, ec)) return {};
  std::string id = word;
  if (word.starts_with(lore)) {
    // https://lore.kernel.org/LIST/ID/, with more behind it
    const auto parts = split(word.substr(std::string_view(lore).size()), '/');
    return parts.size() >= 2 && parts[1].find('@') != std::string::npos ? parts[1] : "";
  }
  if (id.starts_with('<') && id.ends_with('>')) id = id.substr(1, id.size() - 2);
  const auto at = id.find('@');
  const bool plain = id.find_first_of("/: \t<>") == std::string::npos;
  return plain && at != std::string::npos && at > 0 && at + 1 < id.size() ? id : "";
}

Result<void> fetch_series(run::RunOptions& o, const Paths& paths, const CancelToken& cancel) {
  if (o.series == "-") {
    PINRIG_TRY(mails, read_all(STDIN_FILENO));
    PINRIG_TRY(file, keep(mails, "stdin", paths));
    o.series = file;
    return {};
  }
  const std::string id = message_id_in(o.series);
  if (id.empty()) return {};
  PINRIG_TRY(mails, ask_b4(id, cancel));
  PINRIG_TRY(file, keep(mails, "lore", paths));
  o.series = file;
  return {};
}

std::string series_name_of_mail(const std::string& mail) { return kept_name(mail, "mail"); }

Result<std::string> series_of_mail(const std::string& mail, const std::string& message_id, bool has_diff,
                                   const Paths& paths, const CancelToken& cancel) {
  const bool ask = !message_id.empty() && !process::find_program("b4").empty();
  if (!ask && has_diff) return keep(mail, "mail", paths);
  if (message_id.empty())
    return make_error(ErrorKind::bad_input, "stdin: a mail without a Message-ID and without a diff");
  run::RunOptions options;
  options.series = message_id;
  PINRIG_CHECK(fetch_series(options, paths, cancel));
  return options.series;
}

}  // namespace pinrig::cli
