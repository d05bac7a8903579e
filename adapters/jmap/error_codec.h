// The errors of all three levels: of a request (RFC 8620 section 3.6.1), of a method call (3.6.2), of one object in a /set (5.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "adapters/jmap/json_codec.h"
#include "base/result.h"

namespace telepost::adapters::jmap {

// A problem (RFC 9457) instead of a response; nothing was processed.
struct RequestError {
  enum class Kind : unsigned char { not_json, not_request, unknown_capability, limit };
  Kind kind = Kind::not_json;
  std::string detail;
  std::string_view limit = {};  // of Kind::limit: its name in the session object
};
std::string_view type_of(RequestError::Kind kind);  // "urn:ietf:params:jmap:error:notJSON"
Json to_json(const RequestError& error);            // with status 400

struct MethodError {
  std::string_view type;  // "invalidArguments"
  std::string description = {};
  std::string reason = {};  // of a failure of ours: for the log alone
};
Json to_json(const MethodError& error);
// How a failure below ends a method call. What is not_found below is the account: each type tells itself of its objects.
MethodError method_error_of(const Error& error);
// The same of a call that may have changed something by then: serverPartialFail (RFC 8620 section 3.6.2).
MethodError after_change(MethodError error, bool may_have_changed);

// What a method gives: the arguments of its response, or why there is none. The failure of a store verb or of reading an argument
// returns from a method as it is (TELEPOST_TRY).
class MethodResult {
 public:
  MethodResult(Json response) : state_(std::move(response)) {}                    // NOLINT: implicit on purpose
  MethodResult(MethodError error) : state_(std::move(error)) {}                   // NOLINT
  MethodResult(const Error& error) : state_(method_error_of(error)) {}            // NOLINT
  bool ok() const { return state_.index() == 0; }
  Json& response() { return std::get<0>(state_); }          // precondition: ok()
  const MethodError& error() const { return std::get<1>(state_); }  // precondition: !ok()

 private:
  std::variant<Json, MethodError> state_;
};

struct SetError {
  std::string_view type;  // "invalidProperties"
  std::string description = {};
  std::vector<std::string> properties = {};  // of invalidProperties: all that were invalid
  std::vector<std::string> not_found = {};   // of blobNotFound (RFC 8621 section 4.6): all that were not there
  Json more = {};                            // of the type's own members: {"maxRecipients": 100}
};
Json to_json(const SetError& error);
// None: it is no fault of the object, and the method call ends.
std::optional<SetError> set_error_of(const Error& error);

}  // namespace telepost::adapters::jmap
