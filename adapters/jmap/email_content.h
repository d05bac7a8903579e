// Where an email's content comes from: a stored message, or a blob that is one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "adapters/jmap/blob.h"
#include "adapters/jmap/email.h"

namespace telepost::adapters::jmap {

// Reads the source's begin for the header alone, and the document for the structure; a small source is read once. purpose: who reads it
// (store/message_reader.h); the subscriber's reading may take as long as an archive does.
class StoredEmail final : public EmailContent {
 public:
  StoredEmail(store::Store& store, schema::MessageId id, const schema::Summary& summary, store::Purpose purpose);
  const BlobId& blob() const override { return blob_; }
  schema::MessageId id() const { return id_; }
  Result<const HeaderFields*> header() override;
  Result<const schema::Part*> root() override;
  Result<const schema::Document*> document();
  Result<std::string> preview() override { return summary_.preview; }
  Result<std::string> read(schema::ByteRange range) override;
  Result<std::string> header_bytes();

 private:
  Result<std::string> source(schema::ByteRange range);
  store::Store& store_;
  const schema::MessageId id_;
  const schema::Summary& summary_;
  const BlobId blob_;
  const store::Purpose purpose_;
  std::optional<schema::Document> document_;
  std::optional<HeaderFields> header_;
  std::optional<std::string> whole_;
};

class BlobEmail final : public EmailContent {
 public:
  BlobEmail(BlobId id, std::unique_ptr<Blob> blob) : id_(std::move(id)), blob_(std::move(blob)) {}
  const BlobId& blob() const override { return id_; }
  Result<const HeaderFields*> header() override;
  Result<const schema::Part*> root() override { return blob_->structure(); }
  Result<std::string> preview() override;
  Result<std::string> read(schema::ByteRange range) override { return bytes_of(*blob_, range); }
  Blob& bytes() { return *blob_; }
  // Whether it is a message at all: it has a header.
  Result<bool> is_email();

 private:
  const BlobId id_;
  const std::unique_ptr<Blob> blob_;
  std::optional<HeaderFields> header_;
};

}  // namespace telepost::adapters::jmap
