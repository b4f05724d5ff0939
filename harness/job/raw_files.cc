// SPDX-License-Identifier: GPL-2.0
#include "job/raw_files.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "verdict/results.h"

namespace pinrig::job {

Result<console::Log> read_console(const fs::path& file) {
  console::Parser parser;
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  // No console file at all: QEMU ended before it made one. That is an empty log, not an error of ours.
  if (!fd && errno == ENOENT) return parser.finish();
  if (!fd) return errno_error("opening " + file.string(), errno);
  std::string buffer(std::size_t{1} << 20, '\0');
  for (;;) {
    const auto n = ::read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("reading " + file.string(), errno);
    if (n == 0) return parser.finish();
    parser.feed({buffer.data(), static_cast<std::size_t>(n)});
  }
}

Result<void> add_guest_results(const vm::GuestFiles& files, const console::Log& log,
                               const std::vector<verdict::SentTest>& sent, GuestJobResult& result) {
  std::string raw;
  if (fs::exists(files.results())) {
    PINRIG_TRY(text, read_file(files.results()));
    raw = std::move(text);
  }
  auto read = verdict::read_results(raw, sent);
  for (auto& r : read.records) {
    r.guest = std::max(result.guests, 1);
    result.facts.records.push_back(std::move(r));
  }
  for (auto& p : read.problems) result.problems.push_back(std::move(p));
  for (const auto& e : log.events) result.facts.events.push_back(e);
  if (read.hello) result.facts.counters = read.hello->counters;
  // Each guest proves its own ledger; one that failed is not outvoted by another that did not, before or
  // after it.
  const auto failed = [&](const wire::HoldResult& h) {
    return !h.problem.empty() || !h.available || h.outstanding_held != result.facts.control_pages ||
           h.outstanding_released != 0;
  };
  if (read.hold && (!result.facts.control_ran || !failed(result.facts.control))) {
    result.facts.control_ran = true;
    result.facts.control = *read.hold;
  }
  return {};
}

Result<GuestJobResult> read_leftovers(const model::JobSpec& job, const fs::path& dir) {
  GuestJobResult out;
  out.facts.planned = job.tests;
  out.facts.control_pages = wire::hold_pages;
  out.facts.outcome = {model::JobOutcome::Kind::cancelled, model::Phase::none,
                       "pinrig was killed while the guest ran"};
  for (int n = 1; n <= max_guests; ++n) {
    const vm::GuestFiles files{n == 1 ? dir : dir / fmt::format("guest-{}", n)};
    std::error_code ec;
    if (!fs::exists(files.results(), ec) && !fs::exists(files.console(), ec)) break;
    ++out.guests;
    PINRIG_TRY(log, read_console(files.console()));
    PINRIG_CHECK(add_guest_results(files, log, out));
    out.attempts.push_back({n, out.facts.outcome, 0, 0, files.dir.string()});
  }
  return out;
}

}  // namespace pinrig::job
