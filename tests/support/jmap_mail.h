// An account that a JMAP client speaks to, without the network: calls by name, and mail to speak about.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adapters/jmap/message_properties.h"
#include "adapters/jmap/types.h"
#include "store/mail_view.h"
#include "store/uploads.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost::test {

class JmapMail : public testing::Test {
 protected:
  using Json = adapters::jmap::Json;

  explicit JmapMail(const schema::Configuration& settings = StoreFixture::configuration()) : fixture_(settings) {
    adapters::jmap::add_core(methods_);
    adapters::jmap::add_blobs(methods_);
    adapters::jmap::add_blob_management(methods_);
    adapters::jmap::add_quotas(methods_);
    adapters::jmap::add_mailboxes(methods_);
    adapters::jmap::add_emails(methods_);
    adapters::jmap::add_submissions(methods_);
    adapters::jmap::add_vacation_response(methods_);
    adapters::jmap::add_rules(methods_);
    adapters::jmap::offer_mail(methods_);
    in_use_ = all_but_message_properties();
  }
  ~JmapMail() override { EXPECT_TRUE(fixture_.verify_clean()); }

  store::Store& store() { return fixture_.store(); }
  // Those are told only to who names them, and change what is told of an email.
  adapters::jmap::Capabilities all_but_message_properties() const {
    adapters::jmap::Capabilities in_use;
    for (const auto& [urn, capability] : methods_.capabilities()) in_use.insert(std::string(urn));
    in_use.erase(std::string(adapters::jmap::kMessage));
    return in_use;
  }

  // The response's arguments, of the method or the error.
  Json call(const std::string& method, Json arguments) {
    const auto responses = call_for_all(method, std::move(arguments));
    return responses.at(0).arguments;
  }
  // With those that are implicit.
  std::vector<adapters::jmap::Invocation> call_for_all(const std::string& method, Json arguments) {
    using namespace adapters::jmap;
    if (!arguments.contains("accountId")) arguments["accountId"] = to_id(account_);
    adapters::jmap::Request request;
    request.capabilities = in_use_;
    request.calls.push_back({method, std::move(arguments), "0"});
    const Context context{fixture_.store(), context_.settings};  // the store as it was opened last
    auto answer = run(context, methods_, {account_, "ann@example.test"}, std::move(request), "s");
    if (answer.index() == 1) return {{"error", to_json(std::get<1>(answer)), "0"}};
    (void)to_text(std::get<0>(answer));  // whatever it holds can be said
    return std::get<0>(answer).responses;
  }
  std::string error_of(const std::string& method, const Json& arguments) { return call(method, arguments).value("type", ""); }

  static std::string id_of(schema::MessageId id) { return adapters::jmap::to_id('e', id.local.value); }
  static std::string blob_of(schema::MessageId id) { return adapters::jmap::to_id('s', id.local.value); }
  schema::MessageId deliver(const std::string& text, std::optional<Time> received = {}) {
    const auto delivered = fixture_.deliver_to(account_, text, received);
    EXPECT_TRUE(delivered.ok());
    return delivered->id;
  }
  // One email with these properties, or what they are in `arguments`.
  Json get(schema::MessageId id, Json arguments) {
    arguments["ids"] = {id_of(id)};
    const Json answer = call("Email/get", std::move(arguments));
    EXPECT_EQ(answer.value("list", Json::array()).size(), 1u) << answer;
    return answer.value("list", Json::array()).empty() ? Json::object() : answer["list"][0];
  }
  Json property(schema::MessageId id, const std::string& name) { return get(id, {{"properties", {name}}}).value(name, Json("missing")); }
  std::string state() { return call("Email/get", {{"ids", Json::array()}})["state"]; }
  std::string upload(std::string_view bytes, std::string_view type = "application/octet-stream") {
    auto begun = store().uploads().begin(account_);
    EXPECT_TRUE(begun.ok() && (*begun)->write(bytes).ok() && (*begun)->finish(type).ok());
    return adapters::jmap::to_id('u', (*begun)->id());
  }
  std::string source(schema::MessageId id) { return store().reader().source_text(id).value(); }
  schema::MailboxId make_mailbox(const std::string& path) { return store().mailboxes().create(account_, path).value(); }

  StoreFixture fixture_;
  const schema::AccountId account_ = fixture_.create("mailto:ann@example.test");
  adapters::jmap::Methods methods_;
  adapters::jmap::Capabilities in_use_;
  adapters::jmap::Context context_{fixture_.store()};
};

}  // namespace telepost::test
