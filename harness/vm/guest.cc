// SPDX-License-Identifier: GPL-2.0
#include "vm/guest.h"

#include <fmt/format.h>

#include "base/text.h"
#include "vm/guest_impl.h"
#include "wire/sane.h"

namespace pinrig::vm {
namespace {

/// Of one test; a real one asks once or twice.
constexpr int max_actions = 1000;

/// The message as T, or why it is none. A guest under test may send anything.
template <typename T>
std::optional<T> decode(const std::string& payload, const char* type, std::string& why) {
  const auto json = nlohmann::json::parse(payload, nullptr, false);
  if (!json.is_object()) {
    why = fmt::format("not a JSON object: {}", shown(payload.substr(0, 60)));
    return std::nullopt;
  }
  if (!wire::sane_numbers(json)) {
    why = fmt::format("invalid number or nesting in \"{}\"", type);
    return std::nullopt;
  }
  try {
    const auto got = json.value("type", std::string());
    if (got == type) return json.get<T>();
    if (got == wire::Refusal().type) {
      why = fmt::format("the agent cannot read the request for \"{}\": {}", type,
                        shown(json.get<wire::Refusal>().why.substr(0, 200)));
      return std::nullopt;
    }
    why = fmt::format("\"{}\" instead of \"{}\"", shown(got.substr(0, 40)), type);
  } catch (const nlohmann::json::exception& e) {
    why = shown(e.what());
  }
  return std::nullopt;
}

/// What a test asks of the host, if that is what `payload` is.
std::optional<wire::HostAction> host_action(const std::string& payload) {
  std::string why;
  return decode<wire::HostAction>(payload, wire::HostAction().type.c_str(), why);
}

std::string text_of(const nlohmann::json& message) {
  return message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

template <typename T>
Result<Step<T>> Guest::Impl::receive(Deadline deadline, double limit_s, const char* type) {
  PINRIG_TRY(payload, next_message(deadline, limit_s, type));
  return understood<T>(payload, type);
}

template <typename T>
Step<T> Guest::Impl::understood(const std::optional<std::string>& payload, const char* type) {
  Step<T> step;
  note_full_disk();
  if (payload && !(end && end->kind == GuestEnd::Kind::disk_full)) {
    std::string why;
    step.value = decode<T>(*payload, type, why);
    if (!step.value) ended(GuestEnd::Kind::protocol, why);
  }
  if (!step.value) step.end = *end;
  return step;
}

template <typename T, typename Request>
Result<Step<T>> Guest::Impl::ask(const Request& request, double limit_s, const char* type) {
  send(text_of(request));
  return receive<T>(Deadline::after(Seconds(limit_s)), limit_s, type);
}

Guest::Guest(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Guest::Guest(Guest&&) noexcept = default;
Guest& Guest::operator=(Guest&&) noexcept = default;
Guest::~Guest() = default;

Result<Guest> Guest::start(const model::JobSpec& job, const GuestFiles& files,
                           const std::map<std::string, fs::path>& drive_files, const CancelToken& cancel) {
  PINRIG_TRY(impl, Impl::spawn(job, files, drive_files, cancel));
  PINRIG_CHECK(impl->await_qemu());
  return Guest(std::move(impl));
}

Result<Step<wire::Hello>> Guest::hello() {
  const double limit_s = impl_->job.timeouts.scaled(impl_->job.timeouts.boot_s);
  PINRIG_TRY(step, impl_->receive<wire::Hello>(impl_->boot_deadline, limit_s, "hello"));
  if (step.value && step.value->protocol != wire::protocol_version) {
    impl_->ended(GuestEnd::Kind::protocol, fmt::format("the agent speaks protocol {}, pinrig {}",
                                                       step.value->protocol, wire::protocol_version));
    return Step<wire::Hello>{std::nullopt, *impl_->end};
  }
  if (!step.value) return step;
  impl_->job.timeouts.booted_in(step.value->uptime_s);
  impl_->release = step.value->release;
  return step;
}

Result<Step<wire::SetupDone>> Guest::setup(const wire::Setup& setup) {
  const auto& t = impl_->job.timeouts;
  return impl_->ask<wire::SetupDone>(setup, t.scaled(t.setup_s), "setup_done");
}

Result<Step<wire::HoldResult>> Guest::hold_control() {
  const auto& t = impl_->job.timeouts;
  const double limit_s = t.scaled(wire::hold_limit_s + t.silence_s);
  return impl_->receive<wire::HoldResult>(Deadline::after(Seconds(limit_s)), limit_s, "hold_result");
}

Result<Step<wire::TestEnd>> Guest::run(const wire::Run& run) {
  const auto& t = impl_->job.timeouts;
  const double limit_s = static_cast<double>(run.limit_ms) / 1000 + t.scaled(t.silence_s);
  const Deadline deadline = Deadline::after(Seconds(limit_s));
  impl_->send(text_of(run));
  PINRIG_TRY(payload, impl_->next_message(deadline, limit_s, "test_end"));
  for (int actions = 0; payload; ++actions) {
    const auto action = host_action(*payload);
    if (!action) break;
    // A test that never stops asking would never be late otherwise.
    if (deadline.passed() || actions == max_actions) {
      impl_->ended(
          GuestEnd::Kind::hung,
          deadline.passed()
              ? fmt::format("no test_end within {}, only requests to the host", human_seconds(limit_s))
              : fmt::format("more than {} requests to the host by one test", max_actions));
      return Step<wire::TestEnd>{std::nullopt, *impl_->end};
    }
    PINRIG_CHECK(impl_->carry_out(*action, deadline));
    PINRIG_TRY(next, impl_->next_message(deadline, limit_s, "test_end"));
    payload = std::move(next);
  }
  if (impl_->holds) impl_->holds->end();  // also of a test that was killed
  auto step = impl_->understood<wire::TestEnd>(payload, "test_end");
  if (step.value && step.value->id != run.id) {
    impl_->ended(GuestEnd::Kind::protocol,
                 fmt::format("end of test {} while test {} is running", step.value->id, run.id));
    return Step<wire::TestEnd>{std::nullopt, *impl_->end};
  }
  return step;
}

Result<GuestEnd> Guest::power_off() {
  PINRIG_CHECK(impl_->power_off());
  impl_->note_full_disk();
  return *impl_->end;
}

void Guest::kill() { impl_->kill(); }

const model::Timeouts& Guest::timeouts() const { return impl_->job.timeouts; }

double Guest::cpu_s() const { return impl_->child ? impl_->child->cpu_s() : 0; }

pid_t Guest::pid() const { return impl_->child ? impl_->child->pid() : -1; }

}  // namespace pinrig::vm
