// SPDX-License-Identifier: GPL-2.0
// Rules on the pin counters around a test. Pages are base pages, as mm/gup.c counts them.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "verdict/evidence.h"

namespace pinrig::verdict {
namespace {

using model::Verdict;
using Mode = model::PinClaim::Mode;

const char* mode_name(Mode mode) {
  switch (mode) {
    case Mode::net_zero:
      return "none";
    case Mode::exact:
      return "exact";
    case Mode::at_least:
      return "at least";
  }
  return "?";
}

/// Empty when the claim made at run time is what suite.yaml demands.
std::string claim_problem(Mode demanded, const std::optional<model::PinClaim>& claim) {
  const Mode made = claim ? claim->mode : Mode::net_zero;
  // "at least" without a number is what a suite says of a program that cannot claim (the kernel's own): that
  // it pins at all, see judge_amount().
  if (demanded != Mode::exact) return {};
  if (made == Mode::net_zero) {
    return fmt::format("the suite requires a claim ({}), but the test made none: what it pins is unknown",
                       mode_name(demanded));
  }
  if (made == Mode::at_least) {
    return "the suite requires an exact claim, but the test only claimed \"at least\"";
  }
  return {};
}

/// A claim of nothing is believed of a test that has found plain references on all of its paths, or none, and
/// says so: what it found is held against what the kernel has to be able to do (configs/expectations). One
/// path that pins, and the test has to have pinned.
bool takes_plain_references(const model::TestRecord& record) {
  if (!record.ledger.claim || record.ledger.claim->mode == Mode::net_zero) return false;
  const auto found = capability_lines(record.output);
  const auto any = [&](const char* value) {
    return std::any_of(found.begin(), found.end(), [&](const auto& c) { return c.second == value; });
  };
  return (any("get") || any("cached") || any("copied")) && !any("pin");
}

std::string pages_of(std::int64_t n) { return count_of(static_cast<std::size_t>(n), "page"); }

void judge_amount(Mode demanded, const model::TestRecord& record, Evidence& evidence) {
  const model::PinLedger& ledger = record.ledger;
  const auto pinned = ledger.acquired();
  if (demanded == Mode::at_least && pinned == 0 && !takes_plain_references(record))
    evidence.against(Verdict::fail, "no pages pinned: path under test not reached, or it does not pin");
  if (!ledger.claim) return;
  const auto claimed = ledger.claim->pages;
  if (ledger.claim->mode == Mode::exact && pinned != claimed) {
    evidence.against(Verdict::fail, fmt::format("pinned {} of {} claimed", pinned, pages_of(claimed)));
  }
  if (ledger.claim->mode == Mode::at_least && pinned < claimed) {
    evidence.against(Verdict::fail,
                     fmt::format("pinned {} of at least {} claimed", pinned, pages_of(claimed)));
  }
}

/// A kernel without the counters: what a test says it pins cannot be checked, so the test is no pass. Its
/// cases keep their own verdicts, and a test that claims nothing is judged by everything else there is.
void judge_uncounted(Mode demanded, const model::PinLedger& ledger, Evidence& evidence) {
  constexpr const char* why = "pin counters not available";
  const bool claims = ledger.claim && ledger.claim->mode != Mode::net_zero;
  if (evidence.is_skip() || (!claims && demanded == Mode::net_zero)) return evidence.note(why);
  evidence.skipped(
      claims ? fmt::format("{}: the {} it claims were not checked", why, pages_of(ledger.claim->pages))
             : fmt::format("{}: what it pins was not checked", why));
}

}  // namespace

void judge_ledger(const model::TestSpec& spec, const model::TestRecord& record, const Pins& pins,
                  Evidence& evidence) {
  using Exit = model::TestExit::Kind;
  if (record.exit.kind == Exit::lost || record.exit.kind == Exit::not_run) return;
  const model::PinLedger& ledger = record.ledger;
  if (!ledger.available && !pins.counters) return judge_uncounted(spec.claim, ledger, evidence);
  // Only a test that ended by itself and did run owes a claim. One whose cases all failed may have pinned
  // nothing: its failures say what is wrong.
  const bool owes_claim = record.exit.kind == Exit::exited && !evidence.is_skip() && !pins.all_failed;
  if (owes_claim) {
    if (const std::string problem = claim_problem(spec.claim, ledger.claim); !problem.empty()) {
      evidence.against(Verdict::error, problem);
    }
  }
  if (!ledger.available) {
    evidence.against(Verdict::error, "the kernel has pin counters, but they were not read around this test");
    return;
  }
  if (ledger.acquired() < 0 || ledger.released() < 0) {
    evidence.against(Verdict::error,
                     fmt::format("the pin counters ran backwards: {:+} acquired, {:+} released",
                                 ledger.acquired(), ledger.released()));
  }
  if (!ledger.settled_before)
    evidence.against(Verdict::error, "the pin counters did not settle before the test");
  if (!ledger.settled_after) {
    evidence.against(Verdict::error,
                     fmt::format("the pin counters did not settle in {:.0f} ms after the test: {}",
                                 ledger.settle_ms, signed_count_of(ledger.outstanding(), "page")));
  }
  if (const auto pages = ledger.outstanding(); pages > 0) {
    evidence.against(Verdict::leak, signed_count_of(pages, "page") + " pinned but not released");
  } else if (pages < 0 && -pages <= pins.owed) {
    evidence.note(
        fmt::format("{} of the pages that earlier tests left pinned were released meanwhile", -pages));
  } else if (pages < 0) {
    evidence.against(Verdict::leak,
                     signed_count_of(pages, "page") + ": over-release, more were unpinned than pinned");
  }
  if (owes_claim) judge_amount(spec.claim, record, evidence);
}

}  // namespace pinrig::verdict
