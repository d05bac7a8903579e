#include "adapters/jmap/methods.h"

#include <exception>

#include "adapters/jmap/address_book.h"
#include "adapters/jmap/reference_codec.h"
#include "adapters/jmap/vcard_methods.h"
#include "base/log.h"
#include "base/metrics.h"

namespace telepost::adapters::jmap {
namespace {

metrics::Counter& calls() {
  static metrics::Counter counter("telepost_jmap_calls_total", "JMAP method calls", {"method", "result"});
  return counter;
}

class Run {
 public:
  Run(const Context& context, const Methods& methods, const Login& login, const Request& request)
      : context_(context), methods_(methods), login_(login), in_use_(request.capabilities) {
    if (!request.created_ids) return;
    for (const auto& [creation_id, id] : *request.created_ids) created_.add(creation_id, id);
  }

  void apply(Invocation& call) {
    Method* const method = methods_.find(call.name, in_use_);
    if (method == nullptr) return fail("unknown", {"unknownMethod"}, call.call_id);
    if (const auto error = resolve_references(call.arguments, responses, budget_)) return fail(call.name, *error, call.call_id);
    Call one(context_, login_, in_use_, created_, call.arguments);
    answer(call.name, run(method, one, call.name), call.call_id);
    for (Call::Also& also : one.take_also()) answer(also.method, std::move(also.result), call.call_id);
  }

  const CreatedIds& created() const { return created_; }
  std::vector<Invocation> responses;

 private:
  // Memory that is short, or a defect: it ends one call of one client.
  static MethodResult run(Method* method, Call& call, const std::string& name) {
    try {
      return method(call);
    } catch (const std::exception& failure) {
      log::error("jmap_method_failed", {{"method", name}, {"reason", failure.what()}});
      return MethodError{"serverFail", "the server's log says more"};
    }
  }

  void answer(const std::string& method, MethodResult result, const std::string& call_id) {
    if (!result.ok()) return fail(method, result.error(), call_id);
    calls().with({method, "ok"}).add();
    responses.push_back({method, std::move(result.response()), call_id});
  }

  void fail(const std::string& method, const MethodError& error, const std::string& call_id) {
    calls().with({method, std::string(error.type)}).add();
    if (!error.reason.empty()) {
      log::error("jmap_call_failed", {{"method", method}, {"account", to_id(login_.account)}, {"result", error.type}, {"reason", error.reason}});
    }
    responses.push_back({"error", to_json(error), call_id});
  }

  const Context& context_;
  const Methods& methods_;
  const Login& login_;
  const Capabilities& in_use_;
  CreatedIds created_;
  ReferenceBudget budget_;
};

}  // namespace

schema::Scopes scopes_for(std::string_view urn) {
  using schema::Scope;
  if (urn == kCore || urn == kWebSocket || urn == kVapid) return {};
  if (urn == kContacts || urn == kVcard) return {Scope::contacts};
  if (urn == kSubmission || urn == kVacation || urn == kRules) return {Scope::mail, Scope::send};
  return {Scope::mail};
}

Result<schema::AccountId> Call::account() {
  TELEPOST_ASSIGN(const std::string id, arguments.id("accountId"));
  if (account_from(id) != login.account) return {Errc::not_found, "no such account"};
  return login.account;
}

std::vector<Methods::ChangingType> Methods::changing_types() const {
  constexpr std::string_view kSuffix = "/changes";
  std::vector<ChangingType> types;
  for (const auto& [name, entry] : methods_) {
    if (!name.ends_with(kSuffix) || !capabilities_.contains(entry.capability)) continue;
    const std::string_view type = name.substr(0, name.size() - kSuffix.size());
    types.push_back({type, entry.capability, modseq_types_.contains(type) ? ChangingType::States::modseq : ChangingType::States::its_own});
  }
  return types;
}

Result<std::string> state_of(const Context& context, const Methods& methods, const Login& login, const Methods::ChangingType& type) {
  Request request;
  request.capabilities.emplace(type.capability);
  request.calls.push_back({std::string(type.name) + "/get", {{"accountId", to_id(login.account)}, {"ids", Json::array()}}, "0"});
  const auto answer = run(context, methods, login, std::move(request), {});
  const auto* const response = std::get_if<Response>(&answer);
  if (response == nullptr || response->responses.empty()) return {Errc::unavailable, "no answer"};
  const Json& arguments = response->responses.front().arguments;
  const auto state = arguments.find("state");
  if (state == arguments.end() || !state->is_string()) return {Errc::unavailable, std::string(type.name) + "/get gives no state"};
  return state->get<std::string>();
}

Method* Methods::find(std::string_view name, const std::set<std::string, std::less<>>& in_use) const {
  const auto found = methods_.find(name);
  if (found == methods_.end() || !capabilities_.contains(found->second.capability)) return nullptr;
  return in_use.contains(found->second.capability) ? found->second.run : nullptr;
}

std::variant<Response, RequestError> run(const Context& context, const Methods& methods, const Login& login, Request request,
                                         std::string session_state) {
  for (const std::string& urn : request.capabilities) {
    if (methods.capabilities().contains(urn) && login.scopes.contains(scopes_for(urn))) continue;
    return RequestError{RequestError::Kind::unknown_capability, "this server does not have '" + urn.substr(0, 200) + "'"};
  }
  Run all(context, methods, login, request);
  for (Invocation& call : request.calls) all.apply(call);
  Response response{std::move(all.responses), {}, std::move(session_state)};
  if (request.created_ids) response.created_ids = all.created().all();
  return response;
}

}  // namespace telepost::adapters::jmap
