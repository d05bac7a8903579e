// vCard as JSContact and back: RFC 6350, RFC 9554, RFC 9555, and what clients write.
#include <gtest/gtest.h>

#include "adapters/jmap/address_book.h"
#include "adapters/jmap/blob.h"
#include "adapters/jmap/card_codec.h"
#include "adapters/jmap/vcard_card.h"
#include "adapters/jmap/vcard_methods.h"
#include "store/contacts.h"
#include "tests/support/jmap_mail.h"
#include "tests/support/jmap_json.h"

namespace telepost::adapters::jmap {
namespace {

std::string framed(const std::string& lines, const std::string& version = "4.0") {
  std::string text = "BEGIN:VCARD\r\nVERSION:" + version + "\r\n";
  for (const char c : lines) text += c == '\n' ? "\r\n" : std::string(1, c);
  return text + "\r\nEND:VCARD\r\n";
}

Json read(const std::string& lines, const std::string& version = "4.0") {
  const std::string text = framed(lines, version);
  VcardReader reader(text);
  const auto vcard = reader.next();
  EXPECT_TRUE(vcard.ok()) << to_string(vcard.error()) << lines;
  EXPECT_TRUE(reader.is_done());
  return vcard.ok() ? card_of_vcard(*vcard) : Json();
}

// The lines of what is written, unfolded.
std::vector<std::string> written(const Json& card) {
  std::vector<std::string> lines;
  const std::string text = vcard_of_card(card);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find("\r\n", at);
    EXPECT_LE(end - at, 75u);
    if (text[at] == ' ') lines.back() += text.substr(at + 1, end - at - 1);
    else lines.push_back(text.substr(at, end - at));
    at = end + 2;
  }
  return lines;
}

bool has_line(const Json& card, const std::string& line) {
  const auto lines = written(card);
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

Json again(const Json& card) {
  const std::string text = vcard_of_card(card);
  VcardReader reader(text);
  const auto vcard = reader.next();
  EXPECT_TRUE(vcard.ok()) << text;
  return vcard.ok() ? card_of_vcard(*vcard) : Json();
}

Json card_with(const std::string& properties) {
  Json card = json_of(properties);
  card["@type"] = "Card";
  card["version"] = "1.0";
  if (!card.contains("uid")) card["uid"] = "u";
  return card;
}

// RFC 6350 section 8.
TEST(Vcard, Rfc6350Section8) {
  const Json card = read(R"(FN:Simon Perreault
N:Perreault;Simon;;;ing. jr,M.Sc.
BDAY:--0203
ANNIVERSARY:20090808T1430-0500
GENDER:M
LANG;PREF=1:fr
LANG;PREF=2:en
ORG;TYPE=work:Viagenie
ADR;TYPE=work:;Suite D2-630;2875 Laurier;
 Quebec;QC;G1V 2M2;Canada
TEL;VALUE=uri;TYPE="work,voice";PREF=1:tel:+1-418-656-9254;ext=102
TEL;VALUE=uri;TYPE="work,cell,voice,video,text":tel:+1-418-262-6501
EMAIL;TYPE=work:simon.perreault@viagenie.ca
GEO;TYPE=work:geo:46.772673,-71.282945
KEY;TYPE=work;VALUE=uri:
 http://www.viagenie.ca/simon.perreault/simon.asc
TZ:-0500
URL;TYPE=home:http://nomis80.org)");
  EXPECT_EQ(card["name"], json_of(R"({"full":"Simon Perreault","components":[{"kind":"surname","value":"Perreault"},{"kind":"given","value":"Simon"},
      {"kind":"credential","value":"ing. jr"},{"kind":"credential","value":"M.Sc."}]})"));
  EXPECT_EQ(card["anniversaries"], json_of(R"({"1":{"kind":"birth","date":{"month":2,"day":3}},"2":{"kind":"wedding","date":{"year":2009,"month":8,"day":8}}})"));
  EXPECT_EQ(card["preferredLanguages"], json_of(R"({"1":{"language":"fr","pref":1},"2":{"language":"en","pref":2}})"));
  EXPECT_EQ(card["organizations"], json_of(R"({"1":{"name":"Viagenie","contexts":{"work":true}}})"));
  EXPECT_EQ(card["addresses"], json_of(R"({"1":{"contexts":{"work":true},"components":[{"kind":"apartment","value":"Suite D2-630"},{"kind":"name","value":"2875 Laurier"},
      {"kind":"locality","value":"Quebec"},{"kind":"region","value":"QC"},{"kind":"postcode","value":"G1V 2M2"},{"kind":"country","value":"Canada"}]}})"));
  EXPECT_EQ(card["phones"], json_of(R"({"1":{"number":"tel:+1-418-656-9254;ext=102","contexts":{"work":true},"features":{"voice":true},"pref":1},
      "2":{"number":"tel:+1-418-262-6501","contexts":{"work":true},"features":{"mobile":true,"text":true,"video":true,"voice":true}}})"));
  EXPECT_EQ(card["emails"], json_of(R"({"1":{"address":"simon.perreault@viagenie.ca","contexts":{"work":true}}})"));
  EXPECT_EQ(card["cryptoKeys"], json_of(R"({"1":{"uri":"http://www.viagenie.ca/simon.perreault/simon.asc","contexts":{"work":true}}})"));
  EXPECT_EQ(card["links"], json_of(R"({"1":{"uri":"http://nomis80.org","contexts":{"private":true}}})"));
  // What JSContact has no word for (RFC 9555 section 2.15.1).
  EXPECT_EQ(card["vCardProps"], json_of(R"([["gender",{},"unknown","M"],["geo",{"type":"work"},"unknown","geo:46.772673,-71.282945"],["tz",{},"unknown","-0500"]])"));
  EXPECT_TRUE(has_line(card, "GENDER:M"));
}

// RFC 9555 section 2: a line and what it is.
TEST(Vcard, EachLineIsWhatRfc9555SaysItIs) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"CREATED:19940930T143510Z", R"({"created":"1994-09-30T14:35:10Z"})"},
      {"REV:19951031T222710Z", R"({"updated":"1995-10-31T22:27:10Z"})"},
      {"KIND:individual", R"({"kind":"individual"})"},
      {"PRODID:ACME Contacts App version 1.23.5", R"({"prodId":"ACME Contacts App version 1.23.5"})"},
      {"LANGUAGE:de-AT", R"({"language":"de-AT"})"},
      {"NICKNAME:Johnny", R"({"nicknames":{"1":{"name":"Johnny"}}})"},
      {"N;SORT-AS=\"Stevenson,John Philip\":Stevenson;John;Philip,Paul;Dr.;Jr.,M.D.,A.C.P.;;Jr.",
       R"({"name":{"components":[{"kind":"surname","value":"Stevenson"},{"kind":"given","value":"John"},{"kind":"given2","value":"Philip"},
          {"kind":"given2","value":"Paul"},{"kind":"title","value":"Dr."},{"kind":"credential","value":"M.D."},{"kind":"credential","value":"A.C.P."},
          {"kind":"generation","value":"Jr."}],"sortAs":{"surname":"Stevenson","given":"John Philip"}}})"},
      {"ORG;SORT-AS=\"ABC\":ABC\\, Inc.;North American Division;Marketing",
       R"({"organizations":{"1":{"name":"ABC, Inc.","units":[{"name":"North American Division"},{"name":"Marketing"}],"sortAs":"ABC"}}})"},
      {"TITLE:Research Scientist", R"({"titles":{"1":{"kind":"title","name":"Research Scientist"}}})"},
      {"ROLE:Project Leader", R"({"titles":{"1":{"kind":"role","name":"Project Leader"}}})"},
      {"GRAMGENDER:NEUTER", R"({"speakToAs":{"grammaticalGender":"neuter"}})"},
      {"PRONOUNS;PREF=2:they/them", R"({"speakToAs":{"pronouns":{"1":{"pronouns":"they/them","pref":2}}}})"},
      {"EMAIL;TYPE=work:jqpublic@xyz.example.com", R"({"emails":{"1":{"address":"jqpublic@xyz.example.com","contexts":{"work":true}}}})"},
      {"EMAIL;PREF=1;PROP-ID=mine:jane_doe@example.com", R"({"emails":{"mine":{"address":"jane_doe@example.com","pref":1}}})"},
      {"IMPP;PREF=1:xmpp:alice@example.com", R"({"onlineServices":{"1":{"uri":"xmpp:alice@example.com","vCardName":"impp","pref":1}}})"},
      {"SOCIALPROFILE;SERVICE-TYPE=Mastodon;USERNAME=@foo:https://example.com/@foo",
       R"({"onlineServices":{"1":{"uri":"https://example.com/@foo","service":"Mastodon","user":"@foo","vCardName":"socialprofile"}}})"},
      {"CALADRURI;PREF=1:mailto:janedoe@example.com", R"({"schedulingAddresses":{"1":{"uri":"mailto:janedoe@example.com","pref":1}}})"},
      {"CALURI;PREF=1:https://cal.example.com/calA", R"({"calendars":{"1":{"kind":"calendar","uri":"https://cal.example.com/calA","pref":1}}})"},
      {"FBURL;MEDIATYPE=text/calendar:ftp://example.com/busy/project-a.ifb",
       R"({"calendars":{"1":{"kind":"freeBusy","uri":"ftp://example.com/busy/project-a.ifb","mediaType":"text/calendar"}}})"},
      {"ORG-DIRECTORY;INDEX=1:https://directory.mycompany.example.com", R"({"directories":{"1":{"kind":"directory","uri":"https://directory.mycompany.example.com","listAs":1}}})"},
      {"SOURCE:https://dir.example.com/x.vcf", R"({"directories":{"1":{"kind":"entry","uri":"https://dir.example.com/x.vcf"}}})"},
      {"CONTACT-URI;PREF=1:mailto:contact@example.com", R"({"links":{"1":{"kind":"contact","uri":"mailto:contact@example.com","pref":1}}})"},
      {"LOGO:https://www.example.com/pub/logos/abccorp.jpg", R"({"media":{"1":{"kind":"logo","uri":"https://www.example.com/pub/logos/abccorp.jpg"}}})"},
      {"CATEGORIES:internet,IETF,Industry\\, old", R"({"keywords":{"internet":true,"IETF":true,"Industry, old":true}})"},
      {"EXPERTISE;LEVEL=beginner;INDEX=2:chinese literature", R"({"personalInfo":{"1":{"kind":"expertise","value":"chinese literature","level":"low","listAs":2}}})"},
      {"HOBBY;LEVEL=high:reading", R"({"personalInfo":{"1":{"kind":"hobby","value":"reading","level":"high"}}})"},
      {"RELATED;TYPE=friend:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", R"({"relatedTo":{"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6":{"relation":{"friend":true}}}})"},
      {"RELATED;VALUE=text:Please contact my assistant", R"({"relatedTo":{"Please contact my assistant":{"relation":{}}}})"},
      {"BDAY:19531015T231000Z", R"({"anniversaries":{"1":{"kind":"birth","date":{"@type":"Timestamp","utc":"1953-10-15T23:10:00Z"}}}})"},
      {"BDAY:1953-10\nBIRTHPLACE:Mail Drop: TNE QB", R"({"anniversaries":{"1":{"kind":"birth","date":{"year":1953,"month":10},"place":{"full":"Mail Drop: TNE QB"}}}})"},
      {"NOTE;CREATED=20221123T150132Z;AUTHOR-NAME=\"John\":Office hours are from 0800 to 1715 EST\\, Mon-Fri.",
       R"({"notes":{"1":{"note":"Office hours are from 0800 to 1715 EST, Mon-Fri.","created":"2022-11-23T15:01:32Z","author":{"name":"John"}}}})"},
      {"item1.TEL:+1555\nitem1.X-ABLabel:_$!<Boat>!$_", R"({"phones":{"1":{"number":"+1555","label":"Boat"}}})"},
      {"X-FOO;X-BAR=baz:hello\\, world", R"({"vCardProps":[["x-foo",{"x-bar":"baz"},"unknown","hello\\, world"]]})"},
      {"JSPROP;JSPTR=\"example.com:foo\":\"bar\"", R"({"example.com:foo":"bar"})"}};
  for (const auto& [lines, wanted] : cases) {
    Json card = read(std::string("UID:u\n") + lines);
    EXPECT_EQ(card, card_with(wanted)) << lines;
    EXPECT_TRUE(faults_of_card(card).properties.empty()) << faults_of_card(card).first;
    EXPECT_EQ(again(card).value("uid", ""), "u");
  }
}

// RFC 9555 section 3.3.1 and RFC 9554 section 2.
TEST(Vcard, OrdersAndNewFieldsGoThereAndBack) {
  const Json rivera = card_with(R"({"name":{"components":[{"kind":"given","value":"Diego"},{"kind":"surname","value":"Rivera"},{"kind":"surname2","value":"Barrientos"}],
      "isOrdered":true}})");
  EXPECT_TRUE(has_line(rivera, "N;JSCOMPS=\";1;0;5\":Rivera,Barrientos;Diego;;;;Barrientos;"));
  EXPECT_TRUE(has_line(rivera, "FN;DERIVED=TRUE:Diego Rivera Barrientos"));
  EXPECT_EQ(again(rivera), rivera);
  const Json jane = card_with(R"({"name":{"components":[{"kind":"given","value":"Jane"},{"kind":"surname","value":"Doe"}],"isOrdered":true,"defaultSeparator":"X"}})");
  EXPECT_TRUE(has_line(jane, "N;JSCOMPS=\"s,X;1;0\":Doe;Jane;;;"));
  EXPECT_TRUE(has_line(jane, "FN;DERIVED=TRUE:JaneXDoe"));
  EXPECT_EQ(again(jane), jane);
  const Json street = card_with(R"({"addresses":{"k":{"components":[{"kind":"number","value":"54321"},{"kind":"separator","value":" "},{"kind":"name","value":"Oak St"},
      {"kind":"locality","value":"Reston"},{"kind":"region","value":"VA"}],"countryCode":"US","isOrdered":true,"full":"54321 Oak St\nReston"}}})");
  EXPECT_EQ(again(street), street);
  EXPECT_TRUE(has_line(street, "ADR;PROP-ID=k;LABEL=\"54321 Oak St^nReston\";CC=US;JSCOMPS=\";10;s, ;11;3;4\":;;54321 Oak St;Reston;VA;;;;;;54321;Oak St;;;;;;"));
}

TEST(Vcard, EveryCardComesBackWhole) {
  const std::vector<const char*> cards = {
      R"({"kind":"group","members":{"urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af":true,"b":true}})", R"({"kind":"group","members":{}})",
      R"({"name":{"components":[{"kind":"given","value":"John","phonetic":"/dʒɑn/"},{"kind":"surname","value":"Smith"}],"phoneticSystem":"ipa"}})",
      R"({"name":{"full":"Grüße; \\ , \n aus Wien, mit einem sehr langen Namen, der über eine Zeile hinausgeht — Ελλάδα 中文"}})",
      R"({"emails":{"a":{"address":"x@y.example","contexts":{"work":true,"private":true},"pref":7,"label":"desk; \"old\"","example.com:more":[1,2]}}})",
      R"({"phones":{"p":{"number":"+1","features":{"mobile":true,"main-number":true},"pref":100}}})",
      R"({"onlineServices":{"x":{"service":"Mastodon","user":"@a@b","vCardName":"socialprofile"}}})",
      R"({"titles":{"t":{"name":"Boss","organizationId":"o"},"r":{"kind":"role","name":"Lead"}}})",
      R"({"organizations":{"o":{"units":[{"name":"Unit","sortAs":"U"}]}}})", R"({"media":{"m":{"kind":"photo","uri":"data:image/png;base64,iVBORw0KGgo="}}})",
      R"({"links":{"l":{"kind":"other","uri":"https://example.com/a,b;c"},"c":{"kind":"contact","uri":"mailto:a@b"}}})",
      R"({"directories":{"d":{"kind":"directory","uri":"ldap://x/","listAs":3},"e":{"kind":"entry","uri":"ldap://y/"}}})",
      R"({"anniversaries":{"a":{"kind":"birth","date":{"year":1953,"month":4,"day":15},"place":{"full":"Wien"}},"b":{"kind":"other","date":{"year":2000}}}})",
      R"({"localizations":{"de":{"name/full":"X"}},"name":{"full":"Y"}})", R"({"speakToAs":{"grammaticalGender":"feminine","pronouns":{"p":{"pronouns":"she/her","pref":1}}}})",
      R"({"notes":{"n":{"note":"a\nb","created":"2022-11-23T15:01:32Z","author":{"name":"J","uri":"mailto:j@x"}}},"keywords":{"a,b":true,"c":true}})",
      R"({"personalInfo":{"p":{"kind":"expertise","value":"tea","level":"medium","listAs":1,"label":"l"},"q":{"kind":"other","value":"v"}}})",
      R"({"created":"2022-09-30T14:35:10Z","updated":"2022-10-30T14:35:10Z","language":"de","prodId":"p","example.com:foo":{"x":null}})",
      R"({"preferredLanguages":{"l":{"language":"jp","contexts":{"work":true},"pref":2}},"schedulingAddresses":{"s":{"uri":"mailto:x@y","label":"z"}}})"};
  for (const char* const text : cards) {
    Json card = card_with(text), back = again(card);
    ASSERT_TRUE(faults_of_card(card).properties.empty()) << faults_of_card(card).first;
    for (Json* const one : {&card, &back}) {
      for (const char* property : {"titles", "onlineServices"}) {
        if (!one->contains(property)) continue;
        for (Json& object : (*one)[property]) {
          if (property[0] == 't' && object.value("kind", "") == "title") object.erase("kind");  // the default
        }
      }
    }
    if (!card.contains("name")) back.erase("name");  // FN is there always
    EXPECT_EQ(back, card) << vcard_of_card(card);
  }
}

TEST(Vcard, Version3IsRead) {
  const Json card = read("FN:Ann\nN:Example;Ann;;;\nEMAIL;TYPE=INTERNET,PREF:ann@example.com\nTEL;TYPE=WORK;TYPE=FAX:+1 555\nPHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=\nURL:www.example.com", "3.0");
  EXPECT_EQ(card["emails"]["1"], json_of(R"({"address":"ann@example.com","pref":1})"));
  EXPECT_EQ(card["phones"]["1"]["features"], json_of(R"({"fax":true})"));
  EXPECT_EQ(card["media"]["1"]["uri"], "data:image/png;base64,iVBORw0KGgo=");
  EXPECT_EQ(card["vCardProps"][0][3], "www.example.com") << "it is no URI, and is kept as it is";
  EXPECT_FALSE(card.contains("uid"));
}

TEST(Vcard, BrokenCardsAreErrorsAndOthersGoOn) {
  const std::string text = "rubbish\r\nmore\r\n" + framed("FN:One") + framed("FN\xff:Two") + framed("no colon") + framed("FN:Old", "2.1") + framed("FN:Five") + "BEGIN:VCARD\r\nFN:x";
  VcardReader reader(text);
  std::vector<std::string> outcomes;
  while (!reader.is_done()) {
    const auto vcard = reader.next();
    outcomes.push_back(vcard.ok() ? vcard->at(0).value : std::string(name_of(vcard.error().kind)));
  }
  EXPECT_EQ(outcomes, (std::vector<std::string>{"invalid", "One", "invalid", "invalid", "unsupported", "Five", "invalid"}));
  const std::string large = framed("NOTE:" + std::string(kMostVcardBytes + 10, 'x'));
  EXPECT_EQ(VcardReader(large).next().error().kind, Errc::too_large);
  std::string many;
  for (std::size_t i = 0; i <= kMostVcardLines; ++i) many += "NOTE:x\n";
  const std::string lines = framed(many + "FN:x");
  EXPECT_EQ(VcardReader(lines).next().error().kind, Errc::too_large);
}

class VcardMethods : public test::JmapMail {
 protected:
  VcardMethods() {
    add_contacts(methods_);
    add_vcards(methods_);
    in_use_ = all_but_message_properties();
  }
};

TEST_F(VcardMethods, ImportsAndExports) {
  const std::string file = framed("UID:one\nFN:One\nEMAIL:one@example.com") + framed("FN:Two") + framed("no colon") + framed("UID:all\nKIND:group\nFN:All\nMEMBER:one");
  const Json done = call("ContactCard/import", {{"blobId", upload(file, "text/vcard")}, {"addressBookIds", {{"b1", true}}}});
  ASSERT_TRUE(done.contains("created")) << done;
  EXPECT_EQ(done["created"].size(), 3u);
  EXPECT_EQ(done["notCreated"]["2"]["type"], "invalidProperties");
  EXPECT_EQ(store::Contacts::open(store(), account_)->members_of("all")->members.at(0).addresses, std::vector<std::string>{"mailto:one@example.com"});
  const Json again_done = call("ContactCard/import", {{"blobId", upload(framed("UID:one\nFN:Uno"), "text/vcard")}, {"addressBookIds", {{"b1", true}}}});
  EXPECT_EQ(again_done["updated"]["0"]["id"], done["created"]["0"]["id"]);
  EXPECT_EQ(again_done["oldState"], done["newState"]);
  const Json out = call("ContactCard/export", {{"ids", {done["created"]["0"]["id"], "c99"}}});
  EXPECT_EQ(out["notFound"], Json::array({"c99"}));
  const auto blob = open_blob(store(), account_, *blob_from(out["blobId"].get<std::string>()), store::Purpose::store);
  ASSERT_TRUE(blob.ok());
  const std::string text = bytes_of(**blob, {0, 100'000}).value();
  EXPECT_EQ(out["size"], text.size());
  EXPECT_NE(text.find("FN:Uno\r\n"), std::string::npos) << text;
  EXPECT_EQ(error_of("ContactCard/import", {{"blobId", "u99"}, {"addressBookIds", {{"b1", true}}}}), "invalidArguments");
  EXPECT_EQ(error_of("ContactCard/import", {{"blobId", "u99"}, {"addressBookIds", {{"b9", true}}}}), "invalidArguments");
}

// Of 5 MiB many batches would be durable by the last card.
TEST_F(VcardMethods, AFileWithTooManyCardsLeavesNothing) {
  std::string file;
  for (int i = 0; i < 5'001; ++i) file += framed("UID:u" + std::to_string(i) + "\nFN:x\nNOTE:" + std::string(1'024, 'x'));
  const std::string blob = upload(file, "text/vcard");
  const Json before = call("ContactCard/get", {{"ids", Json::array()}})["state"];
  EXPECT_EQ(error_of("ContactCard/import", {{"blobId", blob}, {"addressBookIds", {{"b1", true}}}}), "requestTooLarge");
  EXPECT_EQ(call("ContactCard/get", {{"ids", Json::array()}})["state"], before);
  EXPECT_EQ(store::Contacts::open(store(), account_)->books().cards, 0u);
}

}  // namespace
}  // namespace telepost::adapters::jmap
