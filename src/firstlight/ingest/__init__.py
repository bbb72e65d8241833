"""The way in: requests of every protocol, admitted, read, decoded, stored and answered on one path."""
