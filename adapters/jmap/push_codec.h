// What push says (RFC 8620 section 7): the StateChange object, and server-sent events (HTML, section 9.2).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/json_codec.h"
#include "adapters/net/http_request.h"
#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"

namespace telepost::adapters::jmap {

// RFC 8621 section 1.5: its state changes with each email that is added, and with nothing else.
inline constexpr std::string_view kEmailDelivery = "EmailDelivery";

// Which types somebody wants to hear of. A name that is no type is of a type that is not here.
struct PushTypes {
  bool are_all = false;
  std::set<std::string, std::less<>> names = {};
  bool wants(std::string_view type) const { return are_all || names.contains(type); }
};

// One account's states that changed, and all of them as a token for whoever comes back.
struct StateChange {
  schema::AccountId account;
  std::map<std::string, std::string, std::less<>> states;  // by type; never empty
  std::string token;
};
Json to_json(const StateChange& change);  // section 7.1

struct EventSourceArguments {
  PushTypes types;
  enum class CloseAfter : unsigned char { no, state } close_after = CloseAfter::no;
  bool pings = false;
  Duration interval;          // between pings or, where none are wanted, comments: both find out who is gone
  std::string last_event_id;  // "" for none
};
// Section 7.3. invalid.
Result<EventSourceArguments> read_event_source(const net::HttpRequest& request);

std::string state_event(const StateChange& change);
std::string ping_event(Duration interval);
inline constexpr std::string_view kEventComment = ":\n\n";

}  // namespace telepost::adapters::jmap
