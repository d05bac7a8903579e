// Blob/upload (RFC 9404 section 4.1): a blob put together from what the call says and from what is there. It is an upload like those
// by HTTP, and counts as one.
#include <algorithm>

#include "adapters/jmap/blob.h"
#include "adapters/jmap/blob_management.h"
#include "adapters/jmap/set_codec.h"
#include "base/bytes.h"
#include "transcoders/mime/fields.h"

namespace telepost::adapters::jmap {
namespace {

struct BlobSource {
  const std::string* text = nullptr;    // or
  const std::string* base64 = nullptr;  // or
  std::string blob;                     // an id, or "#creation id"
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;  // none: to the end
};

struct UploadObject {
  std::string type = "application/octet-stream";
  std::vector<BlobSource> sources;
};

// Exactly one of the three ways to say bytes; a range of a blob alone.
Result<BlobSource> read_source(const Json& object) {
  if (!object.is_object()) return {Errc::invalid, "data wants objects"};
  Arguments members(object);
  BlobSource source;
  TELEPOST_ASSIGN(source.text, members.text_view_or_null("data:asText"));
  TELEPOST_ASSIGN(source.base64, members.text_view_or_null("data:asBase64"));
  TELEPOST_ASSIGN(const auto blob, members.text_or_null("blobId"));
  TELEPOST_ASSIGN(const auto offset, members.unsigned_or_null("offset"));
  TELEPOST_ASSIGN(source.length, members.unsigned_or_null("length"));
  TELEPOST_TRY(members.done());
  source.blob = blob.value_or("");
  source.offset = offset.value_or(0);
  const int ways = (source.text != nullptr ? 1 : 0) + (source.base64 != nullptr ? 1 : 0) + (blob ? 1 : 0);
  if (ways != 1) return {Errc::invalid, "a data source has one of data:asText, data:asBase64 and blobId"};
  if (!blob && (offset || source.length)) return {Errc::invalid, "offset and length are of a blobId"};
  return source;
}

Result<UploadObject> read_upload(const Json& object) {
  Arguments members(object);
  UploadObject upload;
  TELEPOST_ASSIGN(const auto type, members.text_or_null("type"));
  TELEPOST_ASSIGN(const Json* const list, members.array_or_null("data"));
  TELEPOST_TRY(members.done());
  if (type) upload.type = to_lower(*type);
  if (!transcoders::mime::is_media_type(upload.type)) return {Errc::invalid, "type wants a media type"};
  if (list == nullptr) return {Errc::invalid, "data wants a list"};
  if (list->size() > kMaxDataSources) return {Errc::invalid, "data has at most " + std::to_string(kMaxDataSources) + " sources (maxDataSources)"};
  for (const Json& source : *list) {
    TELEPOST_ASSIGN(BlobSource one, read_source(source));
    upload.sources.push_back(std::move(one));
  }
  return upload;
}

SetError invalid_data(std::string description) { return {"invalidProperties", std::move(description), {"data"}}; }

// One blob on its way into the store.
class BlobWriting {
 public:
  BlobWriting(Call& call, schema::AccountId account, store::NewUpload& upload) : call_(call), account_(account), upload_(upload) {}

  // None: it is written. An error of Result ends the call, as one of the store.
  Result<std::optional<SetError>> add(const BlobSource& source) {
    if (source.text != nullptr) return write(*source.text);
    if (source.base64 == nullptr) return add_blob(source);
    const Result<std::string> bytes = from_base64(*source.base64);
    if (!bytes.ok()) return std::optional(invalid_data("data:asBase64 is no base64"));
    return write(*bytes);
  }

 private:
  Result<std::optional<SetError>> write(std::string_view bytes) {
    const std::uint64_t most = call_.context.settings.max_size_upload;
    if (bytes.size() > most - size_) return std::optional(SetError{"tooLarge", "at most " + std::to_string(most) + " bytes (maxSizeBlobSet)"});
    size_ += bytes.size();
    const Result<void> written = upload_.write(bytes);
    if (written.ok()) return std::optional<SetError>();
    if (auto error = set_error_of(written.error())) return error;
    return written.error();
  }

  Result<std::optional<SetError>> add_blob(const BlobSource& source) {
    TELEPOST_ASSIGN(const auto found, find_blob(call_, account_, source.blob, store::Purpose::subscriber));
    if (!found) return std::optional(invalid_data("there is no blob '" + source.blob.substr(0, 80) + "'"));
    Blob& blob = *found->blob;
    TELEPOST_ASSIGN(const std::uint64_t size, blob.size());
    const bool fits = source.offset <= size && source.length.value_or(0) <= size - source.offset;
    if (!fits) return std::optional(invalid_data("the range ends behind the blob"));
    Result<std::optional<SetError>> outcome = std::optional<SetError>();
    TELEPOST_TRY(blob.read({source.offset, source.length.value_or(size - source.offset)}, [&](std::string_view piece) {
      outcome = write(piece);
      return outcome.ok() && !*outcome;
    }));
    return outcome;
  }

  Call& call_;
  const schema::AccountId account_;
  store::NewUpload& upload_;
  std::uint64_t size_ = 0;
};

using UploadOutcome = std::variant<Json, SetError>;

Result<UploadOutcome> make_blob(Call& call, schema::AccountId account, const UploadObject& object) {
  auto upload = call.context.store.uploads().begin(account);
  if (!upload.ok() && upload.error().kind == Errc::over_quota) return UploadOutcome(SetError{"overQuota", upload.error().detail});
  TELEPOST_TRY(upload);
  BlobWriting writing(call, account, **upload);
  for (const BlobSource& source : object.sources) {
    TELEPOST_ASSIGN(auto fault, writing.add(source));
    if (fault) return UploadOutcome(*std::move(fault));
  }
  TELEPOST_ASSIGN(const store::Upload kept, (*upload)->finish(object.type));
  const BlobId id{BlobId::Of::upload, (*upload)->id(), {}};
  return UploadOutcome(Json{{"id", to_id(id)}, {"type", object.type}, {"size", kept.size_bytes}});
}

// Whether all that it is made from is there, or never will be.
bool is_ready(const UploadObject& object, const CreatedIds& created_ids, const std::map<std::string, UploadObject>& waiting) {
  return std::none_of(object.sources.begin(), object.sources.end(), [&](const BlobSource& source) {
    return source.blob.starts_with('#') && waiting.contains(source.blob.substr(1)) && !created_ids.resolve(source.blob);
  });
}

class BlobSet {
 public:
  BlobSet(Call& call, schema::AccountId account) : call_(call), account_(account) {}

  void read(const std::map<std::string, const Json*>& objects) {
    for (const auto& [name, object] : objects) {
      auto upload = read_upload(*object);
      if (upload.ok()) waiting_.emplace(name, *std::move(upload));
      else response_.not_created.emplace(name, SetError{"invalidProperties", upload.error().detail});
    }
  }

  // Those first that others are made from.
  Result<void> make_all() {
    for (bool again = true; again && !waiting_.empty();) {
      again = false;
      for (auto next = waiting_.begin(); next != waiting_.end();) {
        if (!is_ready(next->second, call_.created_ids, waiting_)) {
          ++next;
          continue;
        }
        again = true;
        const auto [name, object] = std::move(*next);
        next = waiting_.erase(next);
        TELEPOST_TRY(make(name, object));
      }
    }
    for (const auto& [name, object] : waiting_) response_.not_created.emplace(name, invalid_data("it is made from itself"));
    return {};
  }

  Json answer() const {
    const Json whole = to_json(response_, to_id(account_));
    return {{"accountId", whole.at("accountId")}, {"created", whole.at("created")}, {"notCreated", whole.at("notCreated")}};
  }
  bool has_changed() const { return response_.has_changed(); }

 private:
  Result<void> make(const std::string& name, const UploadObject& object) {
    TELEPOST_ASSIGN(UploadOutcome outcome, make_blob(call_, account_, object));
    if (auto* const error = std::get_if<SetError>(&outcome)) {
      response_.not_created.emplace(name, std::move(*error));
      return {};
    }
    const Json& made = std::get<Json>(outcome);
    call_.created_ids.add(name, made.at("id").get<std::string>());
    response_.created.emplace(name, made);
    return {};
  }

  Call& call_;
  const schema::AccountId account_;
  std::map<std::string, UploadObject> waiting_;
  SetResponse response_;
};

}  // namespace

MethodResult upload_blobs(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const SetArguments set, read_creations(call.arguments, call.context.settings.max_objects_in_set));
  TELEPOST_TRY(call.arguments.done());
  BlobSet blobs(call, account);
  blobs.read(set.create);
  const Result<void> made = blobs.make_all();
  if (made.ok()) return blobs.answer();
  return after_change(method_error_of(made.error()), blobs.has_changed());
}

}  // namespace telepost::adapters::jmap
