"""Diagnosis of container groups that a key of the customer's encrypts."""
