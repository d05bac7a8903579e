#include "adapters/jmap/push_codec.h"

#include <algorithm>
#include <charconv>

#include "adapters/jmap/id_codec.h"

namespace telepost::adapters::jmap {
namespace {

// Section 7.3: the least may be no more than 30 s, the most no less than 300 s.
constexpr std::int64_t kLeastPing = 5, kMostPing = 300;

Result<std::string_view> parameter(const net::HttpRequest& request, std::string_view name) {
  const auto value = request.parameter(name);
  if (!value || value->empty()) return {Errc::invalid, std::string(name) + " is missing"};
  return *value;
}

Result<PushTypes> read_types(std::string_view text) {
  if (text == "*") return PushTypes{.are_all = true};
  PushTypes types;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end == begin) return {Errc::invalid, "types wants names with a comma between two, or *"};
    types.names.emplace(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return types;
}

Result<std::int64_t> read_seconds(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = text.front() != '-' && end == text.data() + text.size() && error == std::errc();
  if (!is_number) return {Errc::invalid, "ping wants a number of seconds"};
  return seconds;
}

}  // namespace

Json to_json(const StateChange& change) {
  return {{"@type", "StateChange"}, {"changed", {{to_id(change.account), change.states}}}};
}

Result<EventSourceArguments> read_event_source(const net::HttpRequest& request) {
  EventSourceArguments arguments;
  TELEPOST_ASSIGN(const std::string_view types, parameter(request, "types"));
  TELEPOST_ASSIGN(arguments.types, read_types(types));
  TELEPOST_ASSIGN(const std::string_view close_after, parameter(request, "closeafter"));
  if (close_after != "state" && close_after != "no") return {Errc::invalid, "closeafter wants state or no"};
  if (close_after == "state") arguments.close_after = EventSourceArguments::CloseAfter::state;
  TELEPOST_ASSIGN(const std::string_view ping, parameter(request, "ping"));
  TELEPOST_ASSIGN(const std::int64_t seconds, read_seconds(ping));
  arguments.pings = seconds > 0;
  arguments.interval = std::chrono::seconds(arguments.pings ? std::clamp(seconds, kLeastPing, kMostPing) : kMostPing);
  arguments.last_event_id = request.field("Last-Event-ID").value_or("");
  return arguments;
}

std::string state_event(const StateChange& change) {
  return "event: state\nid: " + change.token + "\ndata: " + to_text(to_json(change)) + "\n\n";
}

std::string ping_event(Duration interval) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(interval).count();
  return "event: ping\ndata: " + to_text({{"interval", seconds}}) + "\n\n";
}

}  // namespace telepost::adapters::jmap
