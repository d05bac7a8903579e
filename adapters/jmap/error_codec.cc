#include "adapters/jmap/error_codec.h"

namespace telepost::adapters::jmap {

std::string_view type_of(RequestError::Kind kind) {
  switch (kind) {
    case RequestError::Kind::not_json: return "urn:ietf:params:jmap:error:notJSON";
    case RequestError::Kind::not_request: return "urn:ietf:params:jmap:error:notRequest";
    case RequestError::Kind::unknown_capability: return "urn:ietf:params:jmap:error:unknownCapability";
    case RequestError::Kind::limit: return "urn:ietf:params:jmap:error:limit";
  }
  return "about:blank";
}

Json to_json(const RequestError& error) {
  Json problem = {{"type", type_of(error.kind)}, {"status", 400}, {"detail", error.detail}};
  if (error.kind == RequestError::Kind::limit) problem["limit"] = error.limit;
  return problem;
}

Json to_json(const MethodError& error) {
  Json arguments = {{"type", error.type}};
  if (!error.description.empty()) arguments["description"] = error.description;
  return arguments;
}

MethodError method_error_of(const Error& error) {
  switch (error.kind) {
    case Errc::invalid: return {"invalidArguments", error.detail};
    case Errc::too_large:
    case Errc::too_many: return {"requestTooLarge", error.detail};
    case Errc::not_found: return {"accountNotFound", {}};
    case Errc::refused:
    case Errc::denied:
    case Errc::over_quota: return {"forbidden", error.detail};
    case Errc::unsupported: return {"cannotCalculateChanges", error.detail};
    case Errc::busy:
    case Errc::conflict:
    case Errc::disk_full:
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::cancelled: return {"serverUnavailable", {}, to_string(error)};
    case Errc::exists:
    case Errc::io:
    case Errc::corrupt: return {"serverFail", "the server's log says more", to_string(error)};
  }
  return {"serverFail", {}, to_string(error)};
}

MethodError after_change(MethodError error, bool may_have_changed) {
  if (may_have_changed) error.type = "serverPartialFail";
  return error;
}

Json to_json(const SetError& error) {
  Json object = {{"type", error.type}};
  if (!error.description.empty()) object["description"] = error.description;
  if (!error.properties.empty()) object["properties"] = error.properties;
  if (!error.not_found.empty()) object["notFound"] = error.not_found;
  if (error.more.is_object()) object.update(error.more);
  return object;
}

std::optional<SetError> set_error_of(const Error& error) {
  switch (error.kind) {
    case Errc::invalid:
    case Errc::exists:
    case Errc::unsupported: return SetError{"invalidProperties", error.detail};
    case Errc::not_found: return SetError{"notFound"};
    case Errc::refused:
    case Errc::denied: return SetError{"forbidden", error.detail};
    case Errc::too_large: return SetError{"tooLarge", error.detail};
    case Errc::too_many:
    case Errc::over_quota: return SetError{"overQuota", error.detail};
    case Errc::busy:
    case Errc::conflict:
    case Errc::disk_full:
    case Errc::io:
    case Errc::corrupt:
    case Errc::unavailable:
    case Errc::timeout:
    case Errc::cancelled: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace telepost::adapters::jmap
