// SPDX-License-Identifier: GPL-2.0
#include "bisection/bisection.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <variant>

#include "base/text.h"
#include "bisect/engine.h"
#include "bisect/text.h"
#include "bisection/boot.h"
#include "bisection/log_file.h"
#include "bisection/points.h"

namespace pinrig::bisection {
namespace {

using bisect::Ask;
using bisect::Conclusion;
using bisect::Log;
using bisect::Observation;
using bisect::Purpose;
using bisect::Seen;
using job::Event;

/// Patches of a series at every point of which a run costs little more than a search.
constexpr std::size_t short_series = 8;

class Search {
 public:
  Search(LogFile file, Log log, const Services& services, const std::function<void()>& tick,
         const Watch& watch)
      : file_(std::move(file)),
        log_(std::move(log)),
        history_(log_.history()),
        services_(services),
        tick_(tick),
        watch_(watch) {}

  /// Verdicts of the store count as runs; those of the end with the red say what the red is.
  Result<void> take_known() {
    PINRIG_TRY(known, known_verdicts(log_, services_));
    const int red_end = log_.settings.fixed ? 0 : history_.last();
    for (const auto& [run, facts] : known[static_cast<std::size_t>(red_end)].facts)
      PINRIG_CHECK(take_signature(facts));
    for (int p = 0; p <= history_.last(); ++p) {
      const auto& k = known[static_cast<std::size_t>(p)];
      if (!k.image.empty()) PINRIG_CHECK(set_image(p, k.image));
      for (const auto& [run, facts] : k.facts) {
        // A skip or another red may be due to that run's machine or tests.
        const auto seen = bisect::judge(signature(), facts).seen;
        if (seen == Seen::red || seen == Seen::clean) PINRIG_CHECK(record(p, Purpose::known, facts, run));
      }
    }
    return {};
  }

  /// Writes down what the log had before this search began.
  Result<void> keep_known() {
    for (int p = 0; p <= history_.last(); ++p) {
      const auto& image = history_.at(p).image;
      if (!image.empty()) PINRIG_CHECK(file_.append(bisect::image_line(p, image)));
    }
    for (const auto& o : log_.seen) PINRIG_CHECK(file_.append(bisect::observation_line(log_, o)));
    return {};
  }

  Result<BisectEnd> run() {
    while (true) {
      watch_(log_, boots_ == 0 ? 0 : boots_s_ / boots_);
      const auto step = bisect::next_step(history_, log_.settings, log_.seen);
      if (const auto* end = std::get_if<Conclusion>(&step))
        return BisectEnd{file_.path().string(), log_, *end};
      const auto ask = std::get<Ask>(step);
      say(ask);
      PINRIG_TRY(built, build(ask));
      if (built) PINRIG_CHECK(boot(ask));
    }
  }

 private:
  void say(const Ask& ask) const {
    services_.observer.on({.kind = Event::Kind::line,
                           .task = "bisect",
                           .what = "run",
                           .text = fmt::format("{}: {} at {}", to_string(ask.purpose),
                                               count_of(static_cast<std::size_t>(ask.runs), "run"),
                                               bisect::point_name(log_, ask.point))});
  }

  /// The patch to revert: the one candidate.
  int culprit() const {
    const auto n = bisect::calibration_of(history_, log_.settings, log_.seen).runs;
    const auto left = bisect::candidates(history_, log_.settings, log_.seen, n);
    return left.empty() ? 0 : left.front();
  }

  run::RunOptions options_for(const Ask& ask) const {
    auto o = run_options(log_, ask.point, ask.point == bisect::reverted_point ? culprit() : 0);
    o.repeat = ask.runs;
    return o;
  }

  /// False when what was learned may have changed the next step: the point cannot be built, or its kernel is
  /// equal to one that has verdicts.
  Result<bool> build(const Ask& ask) {
    if (ask.point == bisect::reverted_point || !history_.at(ask.point).image.empty()) return true;
    PINRIG_TRY(image, build_point(options_for(ask), services_, tick_));
    if (image.none) {
      PINRIG_CHECK(note(ask, *image.none, image.why, ""));
      return false;
    }
    PINRIG_CHECK(set_image(ask.point, image.hash));
    const auto& points = history_.points();
    return std::count_if(points.begin(), points.end(),
                         [&](const auto& p) { return p.image == image.hash; }) == 1;
  }

  Result<void> boot(const Ask& ask) {
    PINRIG_TRY(booted, boot_point(options_for(ask), services_, tick_));
    ++boots_;
    boots_s_ += booted.wall_s;
    if (booted.none) return note(ask, *booted.none, booted.why, booted.run);
    const int red_end = log_.settings.fixed ? 0 : history_.last();
    for (const auto& facts : booted.facts) {
      if (ask.point == red_end) PINRIG_CHECK(take_signature(facts));
    }
    for (const auto& facts : booted.facts) PINRIG_CHECK(record(ask.point, ask.purpose, facts, booted.run));
    return {};
  }

  Result<void> take_signature(const bisect::TestFacts& facts) {
    if (log_.signature) return {};
    const auto name = bisect::test_name(log_.test);
    log_.signature = bisect::signature_of(name.test, name.case_name, facts);
    return log_.signature ? file_.append(bisect::signature_line(*log_.signature)) : Result<void>{};
  }

  /// Before anything was red: one with which only clean, other and skip can come out.
  bisect::Signature signature() const {
    if (log_.signature) return *log_.signature;
    const auto name = bisect::test_name(log_.test);
    bisect::Signature any;
    any.test = name.test;
    any.case_name = name.case_name;
    any.verdict = model::Verdict::skip;
    return any;
  }

  Result<void> record(int point, Purpose purpose, const bisect::TestFacts& facts, const std::string& run) {
    const auto answer = bisect::judge(signature(), facts);
    if (answer.seen == Seen::skip) warn(point, "skipped: " + bisect::why_skipped(signature(), facts));
    return add({point, answer.seen, purpose, answer.value, run, log_time()});
  }

  void warn(int point, const std::string& text) const {
    services_.observer.on({.kind = Event::Kind::warning,
                           .task = "bisect",
                           .text = fmt::format("{}: {}", bisect::point_name(log_, point), text)});
  }

  Result<void> note(const Ask& ask, Seen seen, const std::string& why, const std::string& run) {
    warn(ask.point, fmt::format("{}: {}", seen == Seen::skip ? "skipped" : "harness or machine failed", why));
    return add({ask.point, seen, ask.purpose, 0, run, log_time()});
  }

  Result<void> add(Observation o) {
    PINRIG_CHECK(file_.append(bisect::observation_line(log_, o)));
    log_.seen.push_back(std::move(o));
    return {};
  }

  Result<void> set_image(int point, const std::string& image) {
    history_.set_image(point, image);
    history_.set_cached(point);
    auto& own = log_.points[static_cast<std::size_t>(point)].image;
    if (own == image) return {};
    own = image;
    return file_.append(bisect::image_line(point, image));
  }

  LogFile file_;
  Log log_;
  bisect::History history_;
  const Services& services_;
  const std::function<void()>& tick_;
  const Watch& watch_;
  int boots_ = 0;
  double boots_s_ = 0;
};

Result<Log> log_for(const BisectOptions& o, const Services& services) {
  Log log;
  log.series = o.series;
  log.base = o.base;
  log.spec = o.spec;
  log.test = o.test;
  log.arch = o.arch;
  log.settings = {
      .fixed = o.fixed, .can_revert = true, .each = false, .per_boot = o.per_boot, .budget = o.budget};
  if (o.repo.empty() && !o.good.empty()) {
    int first = 0;
    const char* const end = o.good.data() + o.good.size();
    const auto read = std::from_chars(o.good.data(), end, first);
    if (read.ec != std::errc{} || read.ptr != end || first < 0)
      return make_error(ErrorKind::bad_usage,
                        fmt::format("--good {}: of a series, the number of a patch", o.good),
                        "0 is the base");
    log.first = first;
  }
  if (!o.repo.empty()) {
    log.repo = fs::absolute(o.repo).lexically_normal().string();
    log.points.resize(2);
    log.points[0].sha = o.good;
    log.points[1].sha = o.bad;
  }
  if (!o.number.empty()) {
    PINRIG_TRY(signature, bisect::number_signature(bisect::test_name(o.test), o.number));
    log.signature = std::move(signature);
  }
  PINRIG_TRY(points, points_of(log, services));
  log.points = std::move(points);
  const bool is_short = o.repo.empty() && log.points.size() > 2 && log.points.size() <= short_series + 1;
  log.settings.each = is_short && !o.search && !o.fixed && o.number.empty();
  // Words that select no test are an error now and not after an hour of building.
  PINRIG_CHECK(run::load_inputs(services.paths.project, run_options(log, 0, 0)));
  return log;
}

}  // namespace

Result<BisectEnd> bisect_new(BisectOptions options, const Services& services,
                             const std::function<void()>& tick, const Watch& watch) {
  if (options.test.empty()) PINRIG_CHECK(take_red_of_last_run(options, services));
  PINRIG_TRY(log, log_for(options, services));
  PINRIG_TRY(file, LogFile::create(services.paths.state, log));
  Search search(std::move(file), std::move(log), services, tick, watch);
  if (!options.fresh) PINRIG_CHECK(search.take_known());
  return search.run();
}

Result<BisectEnd> bisect_more(Log log, const Services& services, const std::function<void()>& tick,
                              const Watch& watch) {
  PINRIG_TRY(file, LogFile::create(services.paths.state, log));
  Search search(std::move(file), std::move(log), services, tick, watch);
  PINRIG_CHECK(search.keep_known());
  return search.run();
}

Result<BisectEnd> bisect_resume(const fs::path& file, const Services& services,
                                const std::function<void()>& tick, const Watch& watch) {
  PINRIG_TRY(open, LogFile::reopen(file));
  PINRIG_CHECK(open.append(bisect::resumed_line(log_time())));
  PINRIG_TRY(log, read_log(file));
  Search search(std::move(open), std::move(log), services, tick, watch);
  return search.run();
}

ExitCode exit_code_of(const Conclusion& conclusion) {
  return bisect::has_culprit(conclusion.word) ? ExitCode::ok : ExitCode::harness;
}

ExitCode step_code(bisect::State state) {
  switch (state) {
    case bisect::State::clean:
      return ExitCode::ok;
    case bisect::State::red:
      return ExitCode::regressions;
    case bisect::State::skipped:
      return ExitCode::step_skip;
    case bisect::State::unknown:
      break;
  }
  return ExitCode::step_abort;
}

}  // namespace pinrig::bisection
