"""The routes of clouds: what a VPC has to know for pods to be reached without an overlay. Knows nobody else here."""
