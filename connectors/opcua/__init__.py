"""OPC UA: subscribes to the tags of one server and brings every change, with the server's own time and status."""
