# Verifies every FOLDER/*.eml with Mail::DKIM by the keys in FOLDER/zone; prints "name TAB result of each signature". A second
# oracle of authentication_oracle_test.cc.
use strict;
use warnings;
use Mail::DKIM::DNS;
use Mail::DKIM::Verifier;

package Record;
sub new { my ($class, $text) = @_; return bless {text => $text}, $class }
sub type { return 'TXT' }
sub txtdata { return $_[0]{text} }
sub char_str_list { return ($_[0]{text}) }

package main;
my $folder = shift;
my %zone;
open(my $lines, '<', "$folder/zone") or die;
while (<$lines>) { chomp; my ($name, $record) = split /\t/, $_, 2; $zone{$name} = $record }
{
  no warnings 'redefine';
  *Mail::DKIM::DNS::query = sub { my ($name) = @_; return exists $zone{$name} ? (Record->new($zone{$name})) : () };
  *Mail::DKIM::DNS::query_async = sub {
    my ($name, $type, %given) = @_;
    my @records = exists $zone{$name} ? (Record->new($zone{$name})) : ();
    my @result = $given{Callbacks}{Success} ? $given{Callbacks}{Success}->(@records) : @records;
    return sub { return wantarray ? @result : $result[0] };
  };
}
for my $path (sort glob("$folder/*.eml")) {
  open(my $file, '<:raw', $path) or die;
  my $message = do { local $/; <$file> };
  my $verifier = Mail::DKIM::Verifier->new;
  $verifier->PRINT($message);
  $verifier->CLOSE;
  my ($name) = $path =~ m{([^/]+)$};
  print "$name\t", join(' ', map { $_->result } $verifier->signatures), "\n";
}
