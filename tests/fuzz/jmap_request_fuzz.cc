// A JMAP request from its bytes on: read, its references resolved against an echo, its arguments read as those of each standard method.
// Whatever is read can be written, and what was written is read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/id_codec.h"
#include "adapters/jmap/query_codec.h"
#include "adapters/jmap/reference_codec.h"
#include "adapters/jmap/set_codec.h"
#include "adapters/jmap/socket_codec.h"

namespace {

using namespace telepost::adapters::jmap;

void expect(bool holds) {
  if (!holds) std::abort();
}

void read_ids(const Json& value) {
  if (!value.is_string()) return;
  const auto& text = value.get_ref<const std::string&>();
  if (const auto account = account_from(text)) expect(to_id(*account) == text);
  if (const auto mailbox = mailbox_from(text)) expect(to_id(*mailbox) == text);
  if (const auto number = number_from('e', text)) expect(to_id('e', *number) == text);
  if (const auto state = state_from(text)) expect(to_state(*state) == text);
}

void read_arguments(const Json& object) {
  Arguments get(object), changes(object), set(object), query(object), query_changes(object);
  (void)read_get(get, [](std::string_view property) { return property.size() < 8; }, 10);
  (void)read_changes(changes);
  if (const auto read = read_query(query); read.ok()) {
    const Window window = window_of(*read, 100, read->anchor ? std::optional<std::uint64_t>(7) : std::nullopt, 50);
    expect(window.size <= 50 && (window.size == 0 || window.position + window.size <= 100));
    (void)read->filter.holds([](const Json& condition) { return condition.size() % 2 == 0; });
  }
  (void)read_query_changes(query_changes);
  const auto read = read_set(set, 10);
  if (!read.ok()) return;
  for (const auto& [id, patch] : read->update) {
    for (const auto& [creation_id, created] : read->create) {
      Json patched = *created;
      if (!apply_patch(patched, *patch, Json::object()).ok()) expect(patched == *created);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const SocketMessage message = read_socket_message(text, 16);
  if (const auto* const error = std::get_if<SocketError>(&message)) expect(parse_i_json(to_socket_text(*error)).ok());
  auto read = read_request(text, 16);
  if (auto* const error = std::get_if<RequestError>(&read)) {
    expect(parse_i_json(to_text(to_json(*error))).ok());
    return 0;
  }
  auto& request = std::get<Request>(read);
  Response response{{}, {}, "s"};
  ReferenceBudget budget{1u << 20};
  for (Invocation& call : request.calls) {
    if (const auto error = resolve_references(call.arguments, response.responses, budget)) {
      response.responses.push_back({"error", to_json(*error), call.call_id});
      continue;
    }
    read_arguments(call.arguments);
    for (const auto& [name, value] : call.arguments.items()) read_ids(value);
    response.responses.push_back(std::move(call));
  }
  // References may nest deeper than what a client may send.
  expect(parse_i_json(to_text(response), {.depth = 2'000, .values = 10'000'000}).ok());
  return 0;
}
