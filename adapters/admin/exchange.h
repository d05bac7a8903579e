// The conversation that carries a verb: a request, what the caller sends along, the objects and bytes of the answer. The same
// verbs run behind a socket in the server and inside a command that opened the store itself; only the Exchange differs.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost::adapters::admin {

using Json =
    nlohmann::ordered_json;  // keeps the order in which fields were written: what people read stays stable

struct Request {
  std::string verb;  // "account.create"
  Json args = Json::object();
};

// Used by one thread. An error from any of these means that the caller is gone: the verb ends with it.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual Result<void> object(const Json& object) = 0;  // one line of the answer
  virtual Result<void> bytes(std::string_view bytes) = 0;
  // For people who wait: why it takes long. No part of the answer.
  virtual Result<void> notice(std::string_view) { return {}; }
  // The next bytes of what the caller sends along, at most kContentBytes; "" at its end.
  virtual Result<std::string> content() = 0;
};
inline constexpr std::size_t kContentBytes = 256u << 10;

// One line of JSON, always valid UTF-8 whatever the strings hold; what a terminal would obey instead of show is escaped.
std::string to_line(const Json& object);

// How a failure ends a process, after sysexits.h: 65 the input is wrong, 67 no such account or message, 75 try later, 1 the rest.
int exit_code_of(Errc kind);
Result<Errc> errc_from(std::string_view name);  // the inverse of name_of

}  // namespace telepost::adapters::admin
