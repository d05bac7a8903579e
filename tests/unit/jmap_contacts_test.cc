// RFC 9610: AddressBook and ContactCard. Its examples are dialogues: tests/scenario/jmap/rfc9610.txt.
#include <gtest/gtest.h>

#include "adapters/jmap/address_book.h"
#include "adapters/jmap/blob.h"
#include "base/bytes.h"
#include "store/contacts.h"
#include "store/contacts_write.h"
#include "store/rooms.h"
#include "tests/support/jmap_json.h"
#include "tests/support/jmap_mail.h"

namespace telepost {
namespace {

using adapters::jmap::json_of;

class JmapContacts : public test::JmapMail {
 protected:
  JmapContacts() {
    adapters::jmap::add_contacts(methods_);
    in_use_ = all_but_message_properties();
  }
  Json set(Json arguments) { return call("ContactCard/set", std::move(arguments)); }
  Json set_one(Json card) {
    if (!card.contains("addressBookIds")) card["addressBookIds"] = {{"b1", true}};
    return set({{"create", {{"k", std::move(card)}}}});
  }
  std::string make_card(const Json& card) {
    const Json done = set_one(card);
    EXPECT_TRUE(done["notCreated"].is_null()) << done;
    return done["created"]["k"].value("id", "");
  }
  std::string make(const std::string& text) { return make_card(json_of(text)); }
  Json fault_of(const std::string& text) { return set_one(json_of(text))["notCreated"]["k"]; }
  std::vector<std::string> wrong_in(const std::string& text) { return fault_of(text).value("properties", std::vector<std::string>()); }
  Json update(const std::string& id, const std::string& patch) { return set({{"update", {{id, json_of(patch)}}}}); }
  Json one(const std::string& id) {
    const Json got = call("ContactCard/get", {{"ids", {id}}});
    return got["list"].empty() ? Json() : got["list"][0];
  }
  std::string contact_state() { return call("ContactCard/get", {{"ids", Json::array()}})["state"]; }
};

using Texts = std::vector<std::string>;

// RFC 9553 section 1.7.1.
TEST_F(JmapContacts, WhatNobodyKnowsIsKeptWhole) {
  const std::string more = R"({"@type":"Card","version":"1.0","uid":"u","example.com:shoe":{"size":[44,null,{"x":1.5}]},"future":true,
      "emails":{"e":{"@type":"EmailAddress","address":"a@b.example","example.com:verified":true}}})";
  const std::string id = make(more);
  Json got = one(id);
  for (const char* ours : {"id", "addressBookIds", "created", "updated"}) got.erase(ours);
  EXPECT_EQ(got, json_of(more));
  EXPECT_EQ(call("ContactCard/get", {{"ids", {id}}, {"properties", {"example.com:shoe"}}})["list"][0]["example.com:shoe"]["size"][0], 44);
  EXPECT_EQ(error_of("ContactCard/get", {{"properties", {"shoes"}}}), "invalidArguments");
}

// Every property of RFC 9553 section 2 with the figures of its own, and each with one thing wrong.
TEST_F(JmapContacts, EveryPropertyOfACardIsTakenAsItIs) {
  const Json whole = json_of(R"({"@type":"Card","version":"1.0","uid":"urn:uuid:22b2c7df-9120-4969-8460-05956fe6b065","created":"2022-09-30T14:35:10Z",
      "kind":"individual","language":"de-AT","prodId":"ACME","relatedTo":{"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6":{"relation":{"friend":true}}},
      "updated":"2021-10-31T22:27:10Z","name":{"components":[{"kind":"given","value":"Vincent"},{"kind":"surname","value":"van Gogh"}],"isOrdered":true,
        "sortAs":{"surname":"Gogh"},"full":"Vincent van Gogh"},"nicknames":{"k391":{"name":"Johnny"}},
      "organizations":{"o1":{"name":"ABC, Inc.","units":[{"name":"North American Division"}],"sortAs":"ABC"}},
      "speakToAs":{"grammaticalGender":"neuter","pronouns":{"k19":{"pronouns":"they/them","pref":2}}},
      "titles":{"le9":{"kind":"title","name":"Research Scientist","organizationId":"o2"}},
      "emails":{"e1":{"contexts":{"work":true},"address":"jqpublic@xyz.example.com"},"e2":{"address":"jane_doe@example.com","pref":1}},
      "onlineServices":{"x1":{"uri":"xmpp:alice@example.com"},"x2":{"service":"Mastodon","user":"@alice@example2.com"}},
      "phones":{"t":{"contexts":{"private":true},"features":{"voice":true},"number":"tel:+1-555-555-5555;ext=5555","pref":1}},
      "preferredLanguages":{"l1":{"language":"en","contexts":{"work":true},"pref":1}},
      "calendars":{"c":{"kind":"calendar","uri":"webcal://calendar.example.com/calA.ics"}},
      "schedulingAddresses":{"s":{"uri":"mailto:janedoe@example.com"}},
      "addresses":{"k23":{"contexts":{"work":true},"components":[{"kind":"number","value":"54321"},{"kind":"name","value":"Oak St"}],"countryCode":"US",
        "coordinates":"geo:37.386013,-122.082932","timeZone":"America/Los_Angeles"}},
      "cryptoKeys":{"k":{"uri":"https://www.example.com/keys/jdoe.cer"}},"directories":{"d":{"kind":"entry","uri":"https://dir.example.com/x.vcf","listAs":1}},
      "links":{"l":{"kind":"contact","uri":"mailto:contact@example.com","pref":1}},"media":{"m":{"kind":"photo","uri":"https://www.example.com/p.jpg"}},
      "localizations":{"jp":{"name/full":"X"}},
      "anniversaries":{"k8":{"kind":"birth","date":{"year":1953,"month":4,"day":15}},"k9":{"kind":"death","date":{"@type":"Timestamp","utc":"2019-10-15T23:10:00Z"},
        "place":{"full":"4445 Tree Street"}}},
      "keywords":{"internet":true},"notes":{"n1":{"note":"Open office hours","created":"2022-11-23T15:01:32Z","author":{"name":"John"}}},
      "personalInfo":{"pi":{"kind":"expertise","value":"chemistry","level":"high"}}})");
  const std::string id = make_card(whole);
  Json got = one(id);
  got.erase("id");
  got.erase("addressBookIds");
  EXPECT_EQ(got, whole);
  for (const auto& [name, value] : whole.items()) {
    for (const Json& other : {Json(5), Json(nullptr), Json(Json::array({1}))}) {
      Json broken = whole;
      broken["uid"] = "another";
      broken[name] = other;
      const Json fault = set_one(broken)["notCreated"]["k"];
      EXPECT_EQ(fault["type"], "invalidProperties") << name << " " << other;
      EXPECT_EQ(fault.value("properties", Texts()), Texts{name}) << name << " " << other;
    }
  }
}

TEST_F(JmapContacts, NamesWhatIsWrongInside) {
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {R"({"emails":{"not an id":{"address":"a"}}})", "emails"}, {R"({"emails":{"e":{"address":""}}})", "emails"},
      {R"({"emails":{"e":{"@type":"Phone","address":"a"}}})", "emails"}, {R"({"phones":{"p":{"number":"1","features":{"voice":false}}}})", "phones"},
      {R"({"addresses":{"a":{"countryCode":"USA"}}})", "addresses"}, {R"({"links":{"l":{"uri":"no uri"}}})", "links"},
      {R"({"directories":{"d":{"kind":"entry","uri":"a:b","listAs":0}}})", "directories"}, {R"({"media":{"m":{"uri":"a:b"}}})", "media"},
      {R"({"anniversaries":{"a":{"kind":"birth","date":{"day":1}}}})", "anniversaries"}, {R"({"anniversaries":{"a":{"kind":"birth","date":{"month":13}}}})", "anniversaries"},
      {R"({"anniversaries":{"a":{"kind":"birth","date":{"@type":"Timestamp"}}}})", "anniversaries"}, {R"({"name":{"components":[{"value":"x"}]}})", "name"},
      {R"({"name":{"full":"x","extra":1}})", "name"}, {R"({"onlineServices":{"o":{"service":"x"}}})", "onlineServices"},
      {R"({"keywords":{"":true}})", "keywords"}, {R"({"language":"a b"})", "language"}, {R"({"preferredLanguages":{"l":{}}})", "preferredLanguages"},
      {R"({"relatedTo":{"x":{"relation":{"friend":1}}}})", "relatedTo"}, {R"({"notes":{"n":{"note":"x","author":{}}}})", "notes"},
      {R"({"localizations":{"de":{"uid":null}}})", "localizations"}, {R"({"id":"c1"})", "id"}, {R"({"uid":""})", "uid"}};
  for (const auto& [text, property] : wrong) EXPECT_EQ(wrong_in(text), Texts{property}) << text << fault_of(text);
}

TEST_F(JmapContacts, HostileCardsAreRefusedOrKept) {
  std::string deep = "1";
  for (int i = 0; i < 50; ++i) deep = R"({"a":)" + deep + "}";
  const std::string id = make(R"({"uid":"deep","example.com:deep":)" + deep + "}");
  EXPECT_EQ(one(id)["example.com:deep"], json_of(deep));
  Json large = {{"uid", "large"}, {"notes", {{"n", {{"note", std::string(store::kMostCardBytes, 'x')}}}}}};
  EXPECT_EQ(set_one(large)["notCreated"]["k"]["type"], "tooLarge");
  EXPECT_EQ(wrong_in(R"({"uid":")" + std::string(1'025, 'u') + "\"}"), Texts{"uid"});
  Json many = {{"uid", "many"}, {"localizations", Json::object()}};
  for (int i = 0; i < 51; ++i) many["localizations"]["x" + std::to_string(i)] = Json::object();
  EXPECT_EQ(set_one(many)["notCreated"]["k"].value("properties", Texts()), Texts{"localizations"});
  EXPECT_EQ(set({{"create", {{"k", 5}}}}).value("type", ""), "invalidArguments");
  EXPECT_EQ(update(id, R"({"example.com:deep/a/a/b/c":1})")["notUpdated"][id]["type"], "invalidPatch");
}

TEST_F(JmapContacts, Section3_5UpdatesByPatches) {
  const std::string id = make(R"({"uid":"u","name":{"full":"Ann"},"emails":{"e":{"address":"ann@example.com"}}})");
  const std::string before = contact_state();
  Json done = update(id, R"({"emails/e/label":"home","emails/f":{"address":"f@example.com"},"name":null})");
  ASSERT_TRUE(done["notUpdated"].is_null()) << done;
  EXPECT_TRUE(done["updated"][id].contains("updated"));
  const Json got = one(id);
  EXPECT_EQ(got["emails"], json_of(R"({"e":{"address":"ann@example.com","label":"home"},"f":{"address":"f@example.com"}})"));
  EXPECT_FALSE(got.contains("name"));
  EXPECT_EQ(call("ContactCard/changes", {{"sinceState", before}})["updated"], Json::array({id}));
  EXPECT_EQ(update(id, R"({"uid":"v"})")["notUpdated"][id]["properties"], Json::array({"uid"}));
  EXPECT_EQ(update(id, R"({"addressBookIds":null})")["notUpdated"][id]["properties"], Json::array({"addressBookIds"}));
  EXPECT_EQ(update(id, R"({"emails/e/address":5})")["notUpdated"][id]["properties"], Json::array({"emails"}));
  EXPECT_EQ(update("c99", R"({"name":null})")["notUpdated"]["c99"]["type"], "notFound");
  const std::string then = contact_state();
  EXPECT_TRUE(update(id, R"({"emails/e/label":"home"})")["updated"][id].is_null());
  EXPECT_EQ(contact_state(), then) << "nothing changed";
  EXPECT_EQ(update(id, R"({"updated":"2020-01-01T00:00:00Z"})")["updated"][id], nullptr);
  EXPECT_EQ(one(id)["updated"], "2020-01-01T00:00:00Z");
}

TEST_F(JmapContacts, AUidIsOneCards) {
  const std::string id = make(R"({"uid":"u"})");
  EXPECT_EQ(wrong_in(R"({"uid":"u"})"), Texts{"uid"});
  EXPECT_EQ(set({{"destroy", {id}}, {"create", {{"k", {{"uid", "u"}, {"addressBookIds", {{"b1", true}}}}}}}})["destroyed"], Json::array({id}));
  EXPECT_TRUE(store::Contacts::open(store(), account_)->card_by_uid("u").value());
  EXPECT_EQ(set({{"ifInState", "1"}})["type"], "stateMismatch");
}

// Section 3: bytes in a card are blobs to clients.
TEST_F(JmapContacts, MediaOfACardAreBlobs) {
  const std::string bytes("\x89PNG\r\n\x1a\nrest");
  const std::string blob = upload(bytes, "image/png");
  const Json done = set_one({{"media", {{"m", {{"kind", "photo"}, {"blobId", blob}}}}}});
  ASSERT_TRUE(done["notCreated"].is_null()) << done;
  const std::string id = done["created"]["k"]["id"];
  const Json media = one(id)["media"]["m"];
  EXPECT_EQ(done["created"]["k"]["media"]["m"], media);
  EXPECT_EQ(media["mediaType"], "image/png");
  EXPECT_FALSE(media.contains("uri"));
  const auto blob_id = adapters::jmap::blob_from(media["blobId"].get<std::string>());
  ASSERT_TRUE(blob_id);
  const auto opened = adapters::jmap::open_blob(store(), account_, *blob_id, store::Purpose::store);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(adapters::jmap::bytes_of(**opened, {0, 1'000}).value(), bytes);
  EXPECT_EQ(adapters::jmap::bytes_of(**opened, {1, 3}).value(), "PNG");
  const std::string inlined = make(R"({"media":{"m":{"kind":"sound","uri":"data:audio/basic;base64,AAEC"}}})");
  EXPECT_EQ(one(inlined)["media"]["m"]["mediaType"], "audio/basic");
  EXPECT_EQ(fault_of(R"({"media":{"m":{"kind":"photo","blobId":")" + upload("text", "text/plain") + R"("}}})")["properties"], Json::array({"media"}));
  // The blob of one card is another card's photo.
  const std::string second = make_card(Json{{"media", {{"m", {{"kind", "photo"}, {"blobId", media["blobId"]}}}}}});
  EXPECT_EQ(one(second)["media"]["m"]["mediaType"], "image/png");
  EXPECT_TRUE(update(id, R"({"media":null})")["notUpdated"].is_null());
  EXPECT_EQ(adapters::jmap::open_blob(store(), account_, *blob_id, store::Purpose::store).error().kind, Errc::not_found);
  EXPECT_EQ(call("Blob/lookup", {{"typeNames", {"Email"}}, {"ids", {one(second)["media"]["m"]["blobId"]}}})["list"][0]["matchedIds"]["Email"], Json::array());
}

TEST_F(JmapContacts, APhotoFromAMessageIsReadForTheSubscriber) {
  const auto id = deliver(
      "From: x@example.net\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n"
      "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--b--\r\n");
  const adapters::jmap::BlobId part{adapters::jmap::BlobId::Of::message, id.local.value, {"2"}};
  const store::Accesses& accesses = rooms_of(store()).accesses;
  ASSERT_EQ(accesses.size(), 0u);
  const std::string blob = adapters::jmap::to_id(part);
  const std::string card = make_card({{"media", {{"m", {{"kind", "photo"}, {"blobId", blob}}}}}});
  EXPECT_EQ(accesses.size(), 1u);
  EXPECT_TRUE(accesses.find(id));
  EXPECT_EQ(one(card)["media"]["m"]["mediaType"], "image/png");
  // By each way that a patch may name one.
  const auto image = adapters::jmap::blob_from(one(card)["media"]["m"]["blobId"].get<std::string>());
  ASSERT_TRUE(image);
  for (const Json& patch : {Json{{"media/n", {{"kind", "photo"}, {"blobId", blob}}}}, Json{{"media/m/blobId", upload("GIF89a", "image/png")}}}) {
    EXPECT_TRUE(set({{"update", {{card, patch}}}})["notUpdated"].is_null()) << patch;
  }
  EXPECT_EQ(one(card)["media"].size(), 2u);
  EXPECT_TRUE(adapters::jmap::open_blob(store(), account_, *image, store::Purpose::store).ok()) << "media/n holds it";
  EXPECT_EQ(update(card, R"({"media/m/blobId":"u99"})")["notUpdated"][card]["properties"], Json::array({"media"}));
}

TEST_F(JmapContacts, AQueryLooksForSixteenTextsAtMost) {
  make(R"({"name":{"full":"Ann"}})");
  const auto with = [](std::size_t conditions) {
    Json filter = {{"operator", "AND"}, {"conditions", Json::array()}};
    for (std::size_t i = 0; i < conditions; ++i) filter["conditions"].push_back(json_of(i % 2 == 0 ? R"({"text":"ann"})" : R"({"name":"ann"})"));
    return filter;
  };
  EXPECT_EQ(call("ContactCard/query", {{"filter", with(16)}})["ids"].size(), 1u);
  EXPECT_EQ(error_of("ContactCard/query", {{"filter", with(17)}}), "unsupportedFilter");
  EXPECT_EQ(error_of("ContactCard/queryChanges", {{"filter", with(17)}, {"sinceQueryState", contact_state()}}), "unsupportedFilter");
}

TEST_F(JmapContacts, ADamagedCardIsNotPassedOver) {
  const std::string id = make("{}");
  schema::CardRecord damaged;
  damaged.uid = "damaged";
  damaged.kind = "individual";
  damaged.books = {1};
  damaged.text = "{";
  auto write = store::ContactsWrite::begin(store(), account_);
  ASSERT_TRUE(write.ok());
  const auto kept = write->put_card(damaged);
  ASSERT_TRUE(kept.ok() && write->finish().ok());
  const Json by_time = json_of(R"({"sort":[{"property":"created"}]})");
  EXPECT_EQ(error_of("ContactCard/query", json_of(R"({"filter":{"text":"x"}})")), "serverFail");
  EXPECT_EQ(error_of("ContactCard/query", by_time), "serverFail");
  auto mended = store::ContactsWrite::begin(store(), account_);
  ASSERT_TRUE(mended.ok() && mended->remove_card(kept->number).ok() && mended->finish().ok());
  EXPECT_EQ(call("ContactCard/query", by_time)["ids"], Json::array({id}));
}

TEST_F(JmapContacts, AddressesAreWhatACardPrefers) {
  make(R"({"uid":"ann","emails":{"a":{"address":"second@example.com","pref":2},"b":{"address":"last@example.com"},"c":{"address":"first@example.com","pref":1}},
      "phones":{"p":{"number":"+1 (555) 0100"},"q":{"number":"tel:+1-555-0101;ext=5"},"r":{"number":"ask at the desk"}}})");
  make(R"({"uid":"all","kind":"group","members":{"ann":true}})");
  const auto members = store::Contacts::open(store(), account_)->members_of("all");
  ASSERT_TRUE(members.ok());
  ASSERT_EQ(members->members.size(), 1u);
  EXPECT_EQ(members->members[0].addresses, (Texts{"mailto:first@example.com", "mailto:second@example.com", "mailto:last@example.com", "tel:+15550100", "tel:+15550101"}));
}

TEST_F(JmapContacts, ChangesComeInParts) {
  const std::string before = contact_state();
  Texts ids;
  for (int i = 0; i < 5; ++i) ids.push_back(make("{}"));
  Json part = call("ContactCard/changes", {{"sinceState", before}, {"maxChanges", 2}});
  EXPECT_EQ(part["created"], (Json::array({ids[0], ids[1]})));
  EXPECT_TRUE(part["hasMoreChanges"]);
  ASSERT_TRUE(update(ids[0], R"({"name":{"full":"x"}})")["notUpdated"].is_null());
  ASSERT_EQ(set({{"destroy", {ids[1], ids[2]}}})["destroyed"].size(), 2u);
  part = call("ContactCard/changes", {{"sinceState", part["newState"]}});
  EXPECT_FALSE(part["hasMoreChanges"]);
  EXPECT_EQ(part["created"], (Json::array({ids[3], ids[4], ids[0]}))) << "it came in this sequence";
  EXPECT_EQ(part["destroyed"], Json::array({ids[1]}));
  EXPECT_EQ(error_of("ContactCard/changes", {{"sinceState", "999999"}}), "cannotCalculateChanges");
  EXPECT_EQ(error_of("AddressBook/changes", {{"sinceState", "x"}}), "cannotCalculateChanges");
}

TEST_F(JmapContacts, Section2_3AddressBooks) {
  const auto fault = [&](const std::string& book) { return call("AddressBook/set", {{"create", {{"k", json_of(book)}}}})["notCreated"]["k"].value("properties", Texts()); };
  EXPECT_EQ(fault("{}"), Texts{"name"});
  EXPECT_EQ(fault(R"({"name":""})"), Texts{"name"});
  EXPECT_EQ(fault(R"({"name":")" + std::string(256, 'x') + "\"}"), Texts{"name"});
  EXPECT_EQ(fault(R"({"name":"x","sortOrder":2147483648})"), Texts{"sortOrder"});
  EXPECT_EQ(fault(R"({"name":"x","isDefault":true})"), Texts{"isDefault"});
  EXPECT_EQ(fault(R"({"name":"x","shareWith":{"p":{}}})"), Texts{"shareWith"});
  const Json made = call("AddressBook/set", {{"create", {{"k", json_of(R"({"name":"Work","description":"D","sortOrder":3,"isSubscribed":false})")}}}});
  const std::string id = made["created"]["k"]["id"];
  const std::string before = made["newState"];
  Json done = call("AddressBook/set", {{"update", {{id, json_of(R"({"name":"Office","description":null,"sortOrder":null})")}}}});
  EXPECT_TRUE(done["notUpdated"].is_null()) << done;
  const Json got = call("AddressBook/get", {{"ids", {id, "b77"}}});
  EXPECT_EQ(got["notFound"], Json::array({"b77"}));
  EXPECT_EQ(got["list"][0]["name"], "Office");
  EXPECT_EQ(got["list"][0]["sortOrder"], 0);
  EXPECT_FALSE(got["list"][0]["isSubscribed"]);
  EXPECT_EQ(call("AddressBook/changes", {{"sinceState", before}})["updated"], Json::array({id}));
  EXPECT_EQ(call("AddressBook/set", {{"update", {{id, json_of(R"({"shareWith":{"p":{"mayRead":true}}})")}}}})["notUpdated"][id]["type"], "forbidden");
  EXPECT_EQ(call("AddressBook/set", {{"destroy", {"b1"}}})["notDestroyed"]["b1"]["type"], "forbidden") << "it is the default one";
  done = call("AddressBook/set", {{"destroy", {id}}, {"onSuccessSetIsDefault", id}});
  EXPECT_EQ(done["destroyed"], Json::array({id}));
  EXPECT_TRUE(done["updated"].is_null());
}

}  // namespace
}  // namespace telepost
