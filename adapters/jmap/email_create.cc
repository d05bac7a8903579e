#include "adapters/jmap/email_create.h"

#include <algorithm>
#include <set>

#include "adapters/jmap/date_codec.h"
#include "adapters/jmap/email.h"
#include "adapters/jmap/email_content.h"
#include "adapters/jmap/header_write_codec.h"
#include "base/bytes.h"
#include "base/random.h"
#include "store/keywords.h"
#include "store/mail_view.h"
#include "transcoders/mime/entity.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

// When an email may be said to have come: what mail did not exist for is a mistake.
bool is_mails_time(Time time) {
  constexpr Time kEnd{std::chrono::sys_days(std::chrono::year(9999) / 1 / 1)};
  return time >= Time{} && time < kEnd;
}

// {"a": true, …}. None: it is not.
std::optional<std::vector<std::string>> set_in(const Json& object, const char* name) {
  const auto member = object.find(name);
  std::vector<std::string> names;
  if (member == object.end() || member->is_null()) return names;
  if (!member->is_object()) return std::nullopt;
  for (const auto& [key, value] : member->items()) {
    if (value != Json(true)) return std::nullopt;
    names.push_back(key);
  }
  return names;
}

Created outcome_of(const Error& error, const EmailPlace& place) {
  if (error.kind == Errc::too_many) {
    return SetError{place.where.keywords.size() > store::kMaxKeywords ? "tooManyKeywords" : "tooManyMailboxes", error.detail};
  }
  if (error.kind == Errc::invalid) return SetError{"invalidProperties", error.detail, {"mailboxIds"}};
  if (auto why = set_error_of(error)) return *std::move(why);
  return error;
}

// One reading of an Email object: its header, then its parts.
class NewEmail {
 public:
  NewEmail(Call& call, schema::AccountId account, const Json& object)
      : call_(call), object_(object), place_(read_place(object, call.created_ids)), reading_{call, account, member("bodyValues")} {
    for (const std::string& property : place_.faults) reading_.fault(property, property + " is missing, of the wrong type, or names what is not there");
  }

  Result<std::optional<SetError>> read() {
    read_header();
    TELEPOST_ASSIGN(root_, read_body());
    for (const std::string& field : root_.fields()) {
      if (named_.contains(field)) reading_.fault("bodyStructure", "it has a header field that the email has, too: " + field);
    }
    if (!reading_.faults.empty()) return std::optional(SetError{"invalidProperties", reading_.description, reading_.faults});
    if (!reading_.no_blobs.empty()) {
      SetError error{"blobNotFound", {}, {}};
      error.not_found = reading_.no_blobs;
      return std::optional(std::move(error));
    }
    if (reading_.blob_bytes > call_.context.settings.max_size_upload) return std::optional(SetError{"tooLarge", "more attachments than maxSizeAttachmentsPerEmail"});
    return std::optional<SetError>();
  }

  Created store() {
    const auto append = call_.context.store.changer().append(reading_.account, "jmap");
    const NewPart::Write write = [&](std::string_view bytes) { return append->write(bytes); };
    Result<void> written = write(header_);
    if (written.ok()) written = root_.write(write, message_id_);
    if (!written.ok()) return outcome_of(written.error(), place_);
    const auto kept = append->finish(place_.where);
    if (!kept.ok()) return outcome_of(kept.error(), place_);
    return *kept;
  }

 private:
  const Json& member(const char* name) const {
    static const Json null;
    const auto found = object_.find(name);
    return found == object_.end() ? null : *found;
  }
  bool has(const char* name) const { return !member(name).is_null(); }

  static bool is_body(const std::string& name) {
    static const Names names = {"bodyStructure", "bodyValues", "textBody", "htmlBody", "attachments", "mailboxIds", "keywords", "receivedAt"};
    return names.contains(name);
  }

  void read_header() {
    for (const auto& [property, value] : object_.items()) {
      if (is_body(property)) continue;
      auto field = convenience_header(property);
      if (!field) field = header_property_from(property);
      if (!field) {
        reading_.fault(property, property == "headers" || is_email_property(property) ? property + " is not a client's to set" : "there is no such property");
        continue;
      }
      const std::string lower = to_lower(field->name);
      if (lower.starts_with("content-") || lower == "mime-version") reading_.fault(property, "that field belongs to a part of the body");
      else if (!named_.insert(lower).second) reading_.fault(property, "the field is named twice");
      const Result<void> added = append_header(header_, *field, value);
      if (!added.ok()) reading_.fault(property, added.error().detail);
    }
    add_missing();
  }

  // RFC 8621 section 4.6: Message-ID and Date are ours to make where the client gave none.
  void add_missing() {
    SystemRandom random;
    message_id_ = to_hex(random.bytes(16));
    const HeaderFields given(header_);
    const Json from = given.value({"From", HeaderForm::addresses, false});
    const std::string address = from.is_array() && !from.empty() ? from[0]["email"].get<std::string>() : "";
    const std::string domain = address.substr(std::min(address.rfind('@') + 1, address.size()));
    if (!given.find("Message-ID")) header_ += "Message-ID: <" + message_id_ + "@" + (domain.empty() ? "localhost" : domain) + ">\r\n";
    if (!given.find("Date")) header_ += "Date: " + to_rfc5322_date(call_.context.store.now()) + "\r\n";
    header_ += "MIME-Version: 1.0\r\n";
  }

  // The one part of textBody or htmlBody. None: there is no such body.
  Result<std::optional<NewPart>> read_text(const char* name, const char* type) {
    if (!has(name)) return std::optional<NewPart>();
    const Json& list = member(name);
    if (!list.is_array() || list.size() != 1) {
      reading_.fault(name, std::string(name) + " has exactly one part");
      return std::optional<NewPart>();
    }
    TELEPOST_ASSIGN(NewPart part, NewPart::read(reading_, list[0], name));
    if (part.type() != type) reading_.fault(name, std::string(name) + " is " + type);
    return std::optional(std::move(part));
  }

  Result<NewPart> read_body() {
    const bool has_lists = has("textBody") || has("htmlBody") || has("attachments");
    if (has("bodyStructure")) {
      if (has_lists) reading_.fault("bodyStructure", "either bodyStructure, or textBody, htmlBody and attachments");
      return NewPart::read(reading_, member("bodyStructure"), "bodyStructure");
    }
    TELEPOST_ASSIGN(auto text, read_text("textBody", "text/plain"));
    TELEPOST_ASSIGN(auto html, read_text("htmlBody", "text/html"));
    std::vector<NewPart> related, attached;
    if (has("attachments") && !member("attachments").is_array()) reading_.fault("attachments", "attachments wants a list");
    for (std::size_t i = 0; member("attachments").is_array() && i < member("attachments").size(); ++i) {
      TELEPOST_ASSIGN(NewPart part, NewPart::read(reading_, member("attachments")[i], "attachments/" + std::to_string(i)));
      (html && part.is_inline_with_cid() ? related : attached).push_back(std::move(part));
    }
    return arrange(std::move(text), std::move(html), std::move(related), std::move(attached));
  }

  // mixed(alternative(text, related(html, …)), …), as far as there is something to put together.
  static NewPart arrange(std::optional<NewPart> text, std::optional<NewPart> html, std::vector<NewPart> related, std::vector<NewPart> attached) {
    if (html && !related.empty()) {
      related.insert(related.begin(), *std::move(html));
      html = NewPart::multipart("related", std::move(related));
    }
    if (text && html) {
      std::vector<NewPart> both;
      both.push_back(*std::move(text));
      both.push_back(*std::move(html));
      html = NewPart::multipart("alternative", std::move(both));
      text.reset();
    }
    std::optional<NewPart> body = html ? std::move(html) : std::move(text);
    if (attached.empty()) return body ? *std::move(body) : NewPart::empty_text();
    if (body) attached.insert(attached.begin(), *std::move(body));
    return NewPart::multipart("mixed", std::move(attached));
  }

  Call& call_;
  const Json& object_;
  EmailPlace place_;
  NewPart::Reading reading_;
  std::string header_, message_id_;
  std::set<std::string> named_;  // fields, in lower case
  NewPart root_;
};

// The time of the topmost Received field (section 4.8).
std::optional<Time> received_at(const HeaderFields& header) {
  const Json all = header.value({"Received", HeaderForm::raw, true});
  if (all.empty()) return std::nullopt;
  const std::string value = mime::unfold(all[0].get<std::string>());
  const std::size_t semicolon = value.rfind(';');
  if (semicolon == std::string::npos) return std::nullopt;
  const Result<Time> time = mime::parse_date(std::string_view(value).substr(semicolon + 1));
  return time.ok() && is_mails_time(*time) ? std::optional(*time) : std::nullopt;
}

}  // namespace

EmailPlace read_place(const Json& object, const CreatedIds& created_ids) {
  EmailPlace place;
  const auto mailboxes = set_in(object, "mailboxIds"), keywords = set_in(object, "keywords");
  bool is_right = mailboxes && !mailboxes->empty();
  for (const std::string& name : mailboxes.value_or(std::vector<std::string>())) {
    const auto mailbox = mailbox_from(created_ids.resolve(name).value_or(""));
    is_right = is_right && mailbox;
    if (mailbox) place.where.mailboxes.push_back(*mailbox);
  }
  if (!is_right) place.faults.emplace_back("mailboxIds");
  const auto is_keyword = [](const std::string& keyword) { return store::keyword_from(keyword).ok(); };
  if (keywords && std::all_of(keywords->begin(), keywords->end(), is_keyword)) place.where.keywords = *keywords;
  else place.faults.emplace_back("keywords");
  const auto received = object.find("receivedAt");
  if (received == object.end() || received->is_null()) return place;
  const Result<Time> time = received->is_string() ? utc_date_from(received->get<std::string>()) : Result<Time>(Errc::invalid, "");
  if (time.ok() && is_mails_time(*time)) place.where.received = *time;
  else place.faults.emplace_back("receivedAt");
  return place;
}

Created create_email(Call& call, schema::AccountId account, const Json& object) {
  NewEmail email(call, account, object);
  const Result<std::optional<SetError>> read = email.read();
  if (!read.ok()) return read.error();
  if (*read) return **read;
  return email.store();
}

Created import_email(Call& call, schema::AccountId account, const Json& object) {
  EmailPlace place = read_place(object, call.created_ids);
  const auto id = object.find("blobId");
  const std::string blob = id != object.end() && id->is_string() ? id->get<std::string>() : std::string();
  auto found = find_blob(call, account, blob, store::Purpose::subscriber);
  if (!found.ok()) return found.error();
  if (!*found) place.faults.emplace_back("blobId");
  for (const auto& [name, value] : object.items()) {
    if (name != "blobId" && name != "mailboxIds" && name != "keywords" && name != "receivedAt") place.faults.push_back(name);
  }
  if (!place.faults.empty()) return SetError{"invalidProperties", {}, place.faults};
  BlobEmail email((*found)->id, std::move((*found)->blob));
  const Result<bool> is_email = email.is_email();
  if (!is_email.ok()) return is_email.error();
  if (!*is_email) return SetError{"invalidEmail", "it has no header"};
  const auto header = email.header();
  if (header.ok() && !place.where.received) place.where.received = received_at(**header);
  const auto append = call.context.store.changer().append(account, "jmap");
  Result<void> written;
  const Result<void> read = email.bytes().read({0, kWholeBlob}, [&](std::string_view bytes) {
    written = append->write(bytes);
    return written.ok();
  });
  if (!read.ok()) return read.error();
  if (!written.ok()) return outcome_of(written.error(), place);
  const auto kept = append->finish(place.where);
  if (!kept.ok()) return outcome_of(kept.error(), place);
  return *kept;
}

Result<std::map<std::string, Json>> to_json(store::Store& store, schema::AccountId account, const std::map<std::string, store::Append::Kept>& made) {
  std::map<std::string, Json> created;
  if (made.empty()) return created;
  std::vector<schema::LocalId> locals;
  for (const auto& [name, kept] : made) locals.push_back(kept.id.local);
  TELEPOST_ASSIGN(const store::MailView view, store.view(account));
  TELEPOST_ASSIGN(const auto threads, view.threads_of(locals));
  std::size_t i = 0;
  for (const auto& [name, kept] : made) {
    const auto& thread = threads[i++];
    created[name] = {{"id", to_id('e', kept.id.local.value)},
                     {"blobId", to_id(BlobId{BlobId::Of::message, kept.id.local.value, {}})},
                     {"threadId", thread ? Json(to_id('t', thread->value)) : Json(nullptr)},
                     {"size", kept.size_bytes}};
  }
  return created;
}

}  // namespace telepost::adapters::jmap
